import { thumbHashToDataURL } from 'thumbhash'
import type { Columns } from './monthStore'

export type RenditionHeight = 240 | 480 | 1440

/** Address of a rendition; null for a video that has none yet. */
export function renditionUrl(columns: Columns, index: number, height: RenditionHeight): string | null {
  const version = columns.versions[index]!
  if (version === 0) return null
  const query = `e=${columns.thumbExpires}&k=${columns.keyId}&s=${columns.signatures[index]}`
  return `${columns.mediaBaseUrl}/media/${columns.itemKeys[index]}/${version}/${height}.webp?${query}`
}

const placeholders = new Map<string, string>()
const MOST_PLACEHOLDERS = 4000

/** A blurred picture, some bytes small, to stand where the photo will be. Empty for none. */
export function placeholder(thumbHash: string): string {
  if (thumbHash === '') return ''
  let url = placeholders.get(thumbHash)
  if (url === undefined) {
    url = thumbHashToDataURL(Uint8Array.from(atob(thumbHash), (character) => character.charCodeAt(0)))
    if (placeholders.size >= MOST_PLACEHOLDERS) placeholders.clear()
    placeholders.set(thumbHash, url)
  }
  return url
}

const asUtc = { timeZone: 'UTC' } as const
const monthFormat = new Intl.DateTimeFormat(undefined, { month: 'long', year: 'numeric', ...asUtc })
const dayFormat = new Intl.DateTimeFormat(undefined, { weekday: 'short', day: 'numeric', month: 'short', ...asUtc })
const shortDayFormat = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', ...asUtc })
const momentFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'long', timeStyle: 'short', ...asUtc })

/** `2024-07` as people write it. */
export function monthName(month: string): string {
  return monthFormat.format(wallClock(`${month}-01T00:00:00`))
}

/** A day of the month that a heading above names; without the weekday where there is little room. */
export function dayName(takenAtLocal: string, isShort: boolean): string {
  return (isShort ? shortDayFormat : dayFormat).format(wallClock(takenAtLocal))
}

export function momentName(takenAtLocal: string): string {
  return momentFormat.format(wallClock(takenAtLocal))
}

/** A naive local time, shown as it is wherever the viewer may be: read and written as if it were UTC. */
function wallClock(local: string): Date {
  return new Date(`${local.replace(/Z$/, '')}Z`)
}

/** What an item is called where it can't be seen: `Video, 0:12, 14 July 2024 at 10:30`. */
export function itemName(columns: Columns, index: number): string {
  const moment = momentName(columns.takenAtLocal[index]!)
  if (columns.kinds[index] !== 'video') return `Photo, ${moment}`
  const duration = columns.durationsMs[index]!
  const isProcessed = columns.versions[index] !== 0
  return ['Video', duration ? durationName(duration) : '', isProcessed ? '' : 'not processed yet', moment]
    .filter(Boolean)
    .join(', ')
}

/** Whether an item is the first of its day, in timeline order. */
export function beginsDay(columns: Columns, index: number): boolean {
  return index === 0 || columns.takenAtLocal[index - 1]!.slice(0, 10) !== columns.takenAtLocal[index]!.slice(0, 10)
}

export function durationName(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000)
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  if (parts[0] === 0) parts.shift()
  return parts.map((part, place) => (place === 0 ? String(part) : String(part).padStart(2, '0'))).join(':')
}
