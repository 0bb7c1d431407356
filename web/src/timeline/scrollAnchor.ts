import type { TimelineLayout } from './timelineLayout'

/** What to keep in its place on the screen while the layout changes around it. */
export type Anchor = { month: string; index: number; id: string | undefined; offset: number }

/** The item at the top of the window; null at the very top, where new photos should push the old ones down. */
export function anchorAt(layout: TimelineLayout, top: number): Anchor | null {
  if (top <= 0 || layout.sections.length === 0) return null
  const { position, index } = layout.itemAt(top)
  const section = layout.sections[position]!
  return {
    month: section.month,
    index,
    id: section.columns?.ids[index],
    offset: top - layout.rowBox(position, index).top,
  }
}

/** The scroll position at which the anchor lies where it lay; null when its month is gone. */
export function findAnchor(layout: TimelineLayout, anchor: Anchor): number | null {
  const position = layout.sections.findIndex((section) => section.month === anchor.month)
  const section = layout.sections[position]
  if (!section) return null
  const moved = anchor.id === undefined ? -1 : (section.columns?.ids.indexOf(anchor.id) ?? -1)
  const index = Math.min(moved >= 0 ? moved : anchor.index, section.ratios.length - 1)
  const row = layout.rowBox(position, index)
  return row.top + Math.min(anchor.offset, row.height)
}
