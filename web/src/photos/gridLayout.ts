import { boxesOfRow, justify, lastAtOrAbove, type RowShape, type Rows } from './justifiedRows'
import type { Place, Section } from './photoList'

export type GridShape = RowShape & {
  /** Height of a section's heading. */
  headingHeight: number
  /** Space below a section. */
  sectionGap: number
  /** Space between sections that lie beside each other, and the least that one takes then: its heading must fit. */
  besideGap: number
  besideWidth: number
}

export type PlacedTile = { index: number; row: number; top: number; left: number; width: number; height: number }

export type VisibleSection = {
  section: Section
  position: number
  top: number
  left: number
  width: number
  height: number
  tiles: PlacedTile[]
}

/**
 * Where everything lies, in pixels from the top left of the grid. Sections one below the other; only those of a few
 * photos lie beside each other, in a band with one top.
 */
export class GridLayout {
  readonly tops: Float64Array
  readonly #lefts: Float64Array
  readonly height: number
  readonly #rows: Rows[]

  constructor(
    readonly sections: readonly Section[],
    readonly shape: GridShape,
  ) {
    this.#rows = sections.map(({ ratios }) => rowsOf(ratios, shape))
    this.tops = new Float64Array(sections.length)
    this.#lefts = new Float64Array(sections.length)
    let below = 0
    let beside = Infinity
    this.#rows.forEach((rows, position) => {
      const width = this.#widthOf(position)
      const fits = beside + width <= shape.width
      this.tops[position] = fits ? this.tops[position - 1]! : below
      this.#lefts[position] = fits ? beside : 0
      beside = (fits ? beside : 0) + width + shape.besideGap
      below = Math.max(below, this.tops[position]! + shape.headingHeight + rows.height + shape.sectionGap)
    })
    this.height = below
  }

  #widthOf(position: number): number {
    return Math.min(this.shape.width, Math.max(this.#rows[position]!.width, this.shape.besideWidth))
  }

  heightOf(position: number): number {
    return this.shape.headingHeight + this.#rows[position]!.height
  }

  /** The section at a height; the first of those beside each other. */
  sectionAt(y: number): number {
    return this.#bandStart(lastAtOrAbove(this.tops, y))
  }

  #bandStart(position: number): number {
    let start = position
    while (start > 0 && this.tops[start - 1] === this.tops[position]) start -= 1
    return start
  }

  /** The first section of the band below (1) or above (-1) one; null at either end. */
  neighbourBand(position: number, step: 1 | -1): number | null {
    let next = position
    while (this.tops[next] === this.tops[position]) next += step
    return this.sections[next] ? this.#bandStart(next) : null
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

  /** The item at a point, or the nearest to it in its row. */
  placeNear(x: number, y: number): Place {
    let position = this.sectionAt(y)
    while (this.tops[position + 1] === this.tops[position] && this.#lefts[position + 1]! <= x) position += 1
    const row = lastAtOrAbove(this.#rows[position]!.tops, y - this.tops[position]! - this.shape.headingHeight)
    const tiles = this.tilesOfRow(position, row)
    const tile = tiles.find(({ left, width }) => this.#lefts[position]! + left + width >= x) ?? tiles.at(-1)!
    return { position, index: tile.index }
  }

  /** The item in the row above (-1) or below (+1) whose middle is nearest; null past either end. */
  itemVertically(position: number, index: number, step: 1 | -1): { position: number; index: number } | null {
    const row = this.rowOf(position, index)
    const middle = this.#middleOf(position, this.tilesOfRow(position, row).find((tile) => tile.index === index)!)
    const candidates = this.#rows[position]!.heights[row + step]
      ? this.tilesOfRow(position, row + step).map((tile) => ({ position, tile }))
      : this.#edgeOfBand(this.neighbourBand(position, step), step)
    const distance = (at: { position: number; tile: PlacedTile }) => Math.abs(this.#middleOf(at.position, at.tile) - middle)
    const nearest = candidates.sort((a, b) => distance(a) - distance(b))[0]
    return nearest ? { position: nearest.position, index: nearest.tile.index } : null
  }

  #middleOf(position: number, tile: PlacedTile): number {
    return this.#lefts[position]! + tile.left + tile.width / 2
  }

  /** The tiles of a band that one comes upon first: its top row from above, its last row from below. */
  #edgeOfBand(start: number | null, step: 1 | -1): { position: number; tile: PlacedTile }[] {
    const found: { position: number; tile: PlacedTile }[] = []
    if (start === null) return found
    for (let position = start; this.tops[position] === this.tops[start]; position++) {
      const row = step === 1 ? 0 : this.#rows[position]!.heights.length - 1
      for (const tile of this.tilesOfRow(position, row)) found.push({ position, tile })
    }
    return found
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
        left: this.#lefts[position]!,
        width: this.#widthOf(position),
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

/** Rows as they were laid out last, which take long of a million photos: a grid that comes again has them. */
const laidOut = new WeakMap<Uint8Array, { shape: GridShape; rows: Rows }>()

function rowsOf(ratios: Uint8Array, shape: GridShape): Rows {
  const known = laidOut.get(ratios)
  if (known && sameShape(known.shape, shape)) return known.rows
  const rows = justify(ratios, shape)
  laidOut.set(ratios, { shape, rows })
  return rows
}

function sameShape(a: GridShape, b: GridShape): boolean {
  return a.width === b.width && a.targetHeight === b.targetHeight && a.gap === b.gap && a.dayHeight === b.dayHeight
}
