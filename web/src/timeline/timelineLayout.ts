import { boxesOfRow, justify, lastAtOrAbove, type RowShape, type Rows } from './justifiedRows'
import type { Section } from './monthStore'

export type TimelineShape = RowShape & {
  /** Height of a month's heading. */
  headingHeight: number
  /** Space below a month. */
  monthGap: number
}

export type PlacedTile = { index: number; row: number; top: number; left: number; width: number; height: number }

export type VisibleSection = { section: Section; position: number; top: number; height: number; tiles: PlacedTile[] }

/** Where everything lies, in pixels from the top of the grid. */
export class TimelineLayout {
  readonly tops: Float64Array
  readonly height: number
  readonly #rows: Rows[]

  constructor(
    readonly sections: readonly Section[],
    readonly shape: TimelineShape,
    previous?: TimelineLayout,
  ) {
    const known = new Map<Uint8Array, Rows>()
    if (previous && sameShape(previous.shape, shape)) {
      previous.sections.forEach((section, position) => known.set(section.ratios, previous.#rows[position]!))
    }
    this.#rows = sections.map((section) => known.get(section.ratios) ?? justify(section.ratios, shape))
    this.tops = new Float64Array(sections.length)
    let top = 0
    this.#rows.forEach((rows, position) => {
      this.tops[position] = top
      top += shape.headingHeight + rows.height + shape.monthGap
    })
    this.height = top
  }

  heightOf(position: number): number {
    return this.shape.headingHeight + this.#rows[position]!.height
  }

  sectionAt(y: number): number {
    return lastAtOrAbove(this.tops, y)
  }

  rowOf(position: number, index: number): number {
    return lastAtOrAbove(this.#rows[position]!.starts.subarray(0, -1), index)
  }

  /** Top and height of the row that holds an item. */
  rowBox(position: number, index: number): { top: number; height: number } {
    const rows = this.#rows[position]!
    const row = this.rowOf(position, index)
    return {
      top: this.tops[position]! + this.shape.headingHeight + (rows.tops[row] ?? 0),
      height: rows.heights[row] ?? 0,
    }
  }

  /** The first item whose row is at or below `y`: what a reader would say they are looking at. */
  itemAt(y: number): { position: number; index: number } {
    const position = this.sectionAt(y)
    const rows = this.#rows[position]
    if (!rows || rows.heights.length === 0) return { position, index: 0 }
    const row = lastAtOrAbove(rows.tops, y - this.tops[position]! - this.shape.headingHeight)
    return { position, index: rows.starts[row]! }
  }

  /** The item in the row above (-1) or below (+1) whose middle is nearest; null past either end. */
  itemVertically(position: number, index: number, step: 1 | -1): { position: number; index: number } | null {
    const row = this.rowOf(position, index)
    const here = this.tilesOfRow(position, row).find((tile) => tile.index === index)!
    const middle = here.left + here.width / 2
    let [nextPosition, nextRow] = [position, row + step]
    if (nextRow < 0) {
      nextPosition -= 1
      nextRow = (this.#rows[nextPosition]?.heights.length ?? 0) - 1
    } else if (nextRow >= this.#rows[position]!.heights.length) {
      nextPosition += 1
      nextRow = 0
    }
    if (!this.#rows[nextPosition] || nextRow < 0) return null
    const distance = (tile: PlacedTile) => Math.abs(tile.left + tile.width / 2 - middle)
    const nearest = this.tilesOfRow(nextPosition, nextRow).reduce((a, b) => (distance(b) < distance(a) ? b : a))
    return { position: nextPosition, index: nearest.index }
  }

  tilesOfRow(position: number, row: number): PlacedTile[] {
    const rows = this.#rows[position]!
    const from = rows.starts[row]!
    return boxesOfRow(this.sections[position]!.ratios, rows, row, this.shape).map((box, offset) => ({
      index: from + offset,
      row,
      top: this.shape.headingHeight + rows.tops[row]!,
      left: box.left,
      width: box.width,
      height: rows.heights[row]!,
    }))
  }

  /** Everything that shows between two heights. `keep` names an item whose row is there wherever it lies. */
  visible(from: number, to: number, keep?: { position: number; index: number }): VisibleSection[] {
    const found: VisibleSection[] = []
    const first = this.sectionAt(from)
    for (let position = 0; position < this.sections.length; position++) {
      const top = this.tops[position]!
      const shows = position >= first && top < to
      if (!shows && position !== keep?.position) continue
      const rows = new Set<number>()
      if (shows) this.#rowsBetween(position, from - top, to - top, rows)
      if (position === keep?.position) rows.add(this.rowOf(position, keep.index))
      found.push({
        section: this.sections[position]!,
        position,
        top,
        height: this.heightOf(position),
        tiles: [...rows].sort((a, b) => a - b).flatMap((row) => this.tilesOfRow(position, row)),
      })
    }
    return found
  }

  #rowsBetween(position: number, from: number, to: number, found: Set<number>): void {
    const rows = this.#rows[position]!
    const offset = this.shape.headingHeight
    let row = lastAtOrAbove(rows.tops, from - offset)
    for (; row < rows.heights.length && rows.tops[row]! + offset < to; row++) {
      if (rows.tops[row]! + rows.heights[row]! + offset > from) found.add(row)
    }
  }
}

function sameShape(a: TimelineShape, b: TimelineShape): boolean {
  return (
    a.width === b.width &&
    a.targetHeight === b.targetHeight &&
    a.gap === b.gap &&
    a.headingHeight === b.headingHeight &&
    a.monthGap === b.monthGap
  )
}
