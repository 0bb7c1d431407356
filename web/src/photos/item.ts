import { durationName, momentName } from '../texts/formats'
import { texts } from '../texts/texts'
import type { Columns, Section } from './photoList'

const FAVOURITE = 1
const CLIP = 2
const PROJECTION = 8

export function isFavourite(columns: Columns, index: number): boolean {
  return (columns.flags[index]! & FAVOURITE) !== 0
}

export function isVideo(columns: Columns, index: number): boolean {
  return columns.kinds[index] === 'video'
}

/** Whether it is a photo that moves. */
export function hasClip(columns: Columns, index: number): boolean {
  return !isVideo(columns, index) && (columns.flags[index]! & CLIP) !== 0
}

/** Whether it is a photo that goes around who looks at it, some way or all of it. */
export function surrounds(columns: Columns, index: number): boolean {
  return !isVideo(columns, index) && (columns.flags[index]! & PROJECTION) !== 0
}

/** What an item is called where it can't be seen: `Video, 0:12, 14 July 2024 at 10:30, Naples, Italy, favourite`. */
export function itemName(columns: Columns, index: number): string {
  const name = [kindName(columns, index), columns.placeNames[index]].filter(Boolean).join(', ')
  return isFavourite(columns, index) ? texts.photos.favourite(name) : name
}

function kindName(columns: Columns, index: number): string {
  const moment = momentName(columns.takenAtLocal[index]!)
  if (hasClip(columns, index)) return texts.photos.live(moment)
  if (!isVideo(columns, index)) return texts.photos.photo(moment)
  const duration = columns.durationsMs[index]!
  return texts.photos.video(moment, duration ? durationName(duration) : '', columns.versions[index] !== 0)
}

/** Whether an item is the first of its day, in the order of the list. */
export function beginsDay(columns: Columns, index: number): boolean {
  return index === 0 || columns.takenAtLocal[index - 1]!.slice(0, 10) !== columns.takenAtLocal[index]!.slice(0, 10)
}

/** Where the day ends that begins at an index: the index of the first of another; null while that is not known. */
export function dayEnd({ columns, ratios }: Section, first: number): number | null {
  if (!columns || first >= columns.ids.length) return null
  let end = first + 1
  while (end < columns.ids.length && !beginsDay(columns, end)) end += 1
  return end < columns.ids.length || end === ratios.length ? end : null
}
