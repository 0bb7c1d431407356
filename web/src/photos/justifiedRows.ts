import { ratioOfCode } from './ratios'

export type RowShape = {
  /** Width to fill, in CSS pixels. */
  width: number
  /** The height a row would have if its photos happened to fit. */
  targetHeight: number
  /** Between photos of a row. */
  gap: number
  /** Above each row, for the names of the days that begin in it: which do is not known before its items are. */
  dayHeight: number
}

/**
 * Rows of one section. Row `r` holds items `starts[r]` up to `starts[r + 1]`, at `tops[r]`, `heights[r]` tall. `width`
 * is what they take: less than all there is only where the section is one row that is not full.
 */
export type Rows = { starts: Uint32Array; tops: Float64Array; heights: Float64Array; height: number; width: number }

/**
 * Breaks items into rows that fill the width, each as near to the target height as its neighbours allow. The last
 * row keeps the target height. Depends on nothing but the ratio codes, so the scroll height is known, to the pixel,
 * before a single item is loaded.
 */
export function justify(codes: Uint8Array, shape: RowShape): Rows {
  const starts: number[] = [0]
  const heights: number[] = []
  let first = 0
  let sum = 0
  const { width: whole, gap, targetHeight } = shape
  const heightOf = (count: number, ratios: number) => (whole - gap * (count - 1)) / ratios
  for (let index = 0; index < codes.length; index++) {
    const ratio = ratioOfCode[codes[index]!]!
    sum += ratio
    // Most items end here, of a library maybe a million.
    if (whole - gap * (index - first) > targetHeight * sum) continue
    const withIt = heightOf(index - first + 1, sum)
    const without = index === first ? Infinity : heightOf(index - first, sum - ratio)
    if (without / targetHeight < targetHeight / withIt) {
      heights.push(Math.round(without))
      starts.push(index)
      first = index
      sum = ratio
      if (whole / ratio > targetHeight) continue
    }
    heights.push(Math.round(heightOf(index - first + 1, sum)))
    starts.push(index + 1)
    first = index + 1
    sum = 0
  }
  let width = whole
  if (first < codes.length) {
    const height = Math.round(Math.min(targetHeight, heightOf(codes.length - first, sum)))
    if (first === 0) width = Math.min(width, Math.ceil(sum * height) + gap * (codes.length - 1))
    heights.push(height)
    starts.push(codes.length)
  }
  return stack(starts, heights, shape.dayHeight, width)
}

function stack(starts: number[], heights: number[], above: number, width: number): Rows {
  const tops = new Float64Array(heights.length)
  let top = 0
  for (let row = 0; row < heights.length; row++) {
    tops[row] = top + above
    top += above + heights[row]!
  }
  return { starts: new Uint32Array(starts), tops, heights: new Float64Array(heights), height: top, width }
}

export type Box = { left: number; width: number }

/** Left edges and widths of the items of one row, on whole pixels; a justified row ends exactly at the width. */
export function boxesOfRow(codes: Uint8Array, rows: Rows, row: number, shape: RowShape): Box[] {
  const from = rows.starts[row]!
  const to = rows.starts[row + 1]!
  let sum = 0
  for (let index = from; index < to; index++) sum += ratioOfCode[codes[index]!]!
  const space = shape.width - shape.gap * (to - from - 1)
  const isOpenEnd = row === rows.heights.length - 1 && space / sum > shape.targetHeight + 0.5
  const scale = isOpenEnd ? rows.heights[row]! : space / sum
  const boxes: Box[] = []
  let edge = 0
  for (let index = from; index < to; index++) {
    const next = edge + ratioOfCode[codes[index]!]! * scale
    const offset = shape.gap * (index - from)
    boxes.push({ left: Math.round(edge) + offset, width: Math.round(next) - Math.round(edge) })
    edge = next
  }
  return boxes
}

/** The last row that starts at or above `y`; 0 when none does. */
export function lastAtOrAbove(tops: ArrayLike<number>, y: number): number {
  let low = 0
  let high = tops.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (tops[middle]! <= y) low = middle
    else high = middle - 1
  }
  return Math.max(0, low)
}
