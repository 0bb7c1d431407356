import { describe, expect, test } from 'vitest'
import { boxesOfRow, justify, lastAtOrAbove, type RowShape } from '../src/photos/justifiedRows'
import { ratioOfCode } from '../src/photos/ratios'
import { codeOf, codes, random } from './support'

const shape: RowShape = { width: 1200, targetHeight: 220, gap: 4, dayHeight: 28 }

describe('justified rows', () => {
  test('hold every item once and in order', () => {
    const items = codes(5000)
    const rows = justify(items, shape)
    expect(rows.starts[0]).toBe(0)
    expect(rows.starts.at(-1)).toBe(5000)
    for (let row = 0; row < rows.heights.length; row++) {
      expect(rows.starts[row + 1]!).toBeGreaterThan(rows.starts[row]!)
    }
  })

  test('end at the width to the pixel, but for the last', () => {
    const items = codes(1000)
    const rows = justify(items, shape)
    for (let row = 0; row < rows.heights.length - 1; row++) {
      const last = boxesOfRow(items, rows, row, shape).at(-1)!
      expect(last.left + last.width).toBe(shape.width)
    }
  })

  test('lie one below the other with the line of days above them, and end at the whole height', () => {
    const rows = justify(codes(300), shape)
    expect(rows.tops[0]).toBe(shape.dayHeight)
    for (let row = 1; row < rows.heights.length; row++) {
      expect(rows.tops[row]! - rows.tops[row - 1]! - rows.heights[row - 1]!).toBe(shape.dayHeight)
    }
    expect(rows.tops.at(-1)! + rows.heights.at(-1)!).toBe(rows.height)
  })

  test('stay near the target height on a desktop and on a phone', () => {
    for (const wish of [shape, { width: 382, targetHeight: 108, gap: 3, dayHeight: 24 }]) {
      const ordinary = Uint8Array.from({ length: 2000 }, () => codeOf(random() < 0.3 ? 3 / 4 : 3 / 2))
      const rows = justify(ordinary, wish)
      for (const height of rows.heights.subarray(0, -1)) {
        expect(height).toBeGreaterThan(wish.targetHeight * 0.6)
        expect(height).toBeLessThan(wish.targetHeight * 1.7)
      }
    }
  })

  test('leave a panorama for the next row rather than squeeze themselves', () => {
    const rows = justify(Uint8Array.of(codeOf(1.5), codeOf(1.5), codeOf(1.5), codeOf(5.5), codeOf(1.5)), shape)
    expect(rows.starts[1]).toBe(3)
  })

  test('keep the shape of every photo', () => {
    const items = codes(400)
    const rows = justify(items, shape)
    for (let row = 0; row < rows.heights.length; row++) {
      boxesOfRow(items, rows, row, shape).forEach((box, offset) => {
        const ratio = ratioOfCode[items[rows.starts[row]! + offset]!]!
        expect(Math.abs(box.width - ratio * rows.heights[row]!)).toBeLessThan(ratio / 2 + 1.5)
      })
    }
  })

  test('do not blow up a last row that is not full', () => {
    const rows = justify(Uint8Array.of(codeOf(1.5)), shape)
    expect(rows.heights[0]).toBe(220)
    expect(boxesOfRow(Uint8Array.of(codeOf(1.5)), rows, 0, shape)[0]!.width).toBeLessThan(340)
  })

  test('fit a panorama that is wider than the window into it', () => {
    const phone = { width: 360, targetHeight: 108, gap: 3, dayHeight: 24 }
    const items = Uint8Array.of(255, codeOf(1))
    const rows = justify(items, phone)
    expect(rows.heights[0]).toBe(Math.round(360 / ratioOfCode[255]!))
    expect(rows.starts[1]).toBe(1)
  })

  test('of no items take no height', () => {
    expect(justify(new Uint8Array(), shape).height).toBe(0)
  })
})

test('the last top at or above a height is found, and the first when there is none', () => {
  const tops = [0, 100, 200]
  expect([-5, 0, 99, 100, 250].map((y) => lastAtOrAbove(tops, y))).toEqual([0, 0, 0, 1, 2])
  expect(lastAtOrAbove([], 10)).toBe(0)
})
