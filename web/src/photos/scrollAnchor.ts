import type { Place, Section } from './photoList'
import type { GridLayout } from './gridLayout'

/** An item by what outlasts a layout: `id` where it is known. */
export type Mark = { key: string; index: number; id: string | undefined }

type InSections = { readonly sections: readonly Section[] }

export function markOf({ sections }: InSections, { position, index }: Place): Mark {
  const section = sections[position]!
  return { key: section.key, index, id: section.columns?.ids[index] }
}

/** Where a marked item lies now, or what took its place; null when its section is gone. */
export function findMark({ sections }: InSections, mark: Mark): Place | null {
  const position = sections.findIndex((section) => section.key === mark.key)
  const section = sections[position]
  if (!section) return null
  const moved = mark.id === undefined ? -1 : (section.columns?.ids.indexOf(mark.id) ?? -1)
  return { position, index: Math.min(moved >= 0 ? moved : mark.index, section.ratios.length - 1) }
}

/** What to keep in its place on the screen while the layout changes around it. */
export type Anchor = Mark & { offset: number }

/** The item at the top of the window; null at the very top, where new photos should push the old ones down. */
export function anchorAt(layout: GridLayout, top: number): Anchor | null {
  if (top <= 0 || layout.sections.length === 0) return null
  const place = layout.itemAt(top)
  return { ...markOf(layout, place), offset: top - layout.rowBox(place.position, place.index).top }
}

/** The scroll position at which the anchor lies where it lay; null when its section is gone. */
export function findAnchor(layout: GridLayout, anchor: Anchor): number | null {
  const place = findMark(layout, anchor)
  if (!place) return null
  const row = layout.rowBox(place.position, place.index)
  return row.top + Math.min(anchor.offset, row.height)
}
