import { describe, expect, test } from 'vitest'
import { anchorAt, findAnchor, findMark, markOf } from '../src/photos/scrollAnchor'
import { GridLayout, type GridShape } from '../src/photos/gridLayout'
import { codeOf, codes, monthPage, sectionOf } from './support'

const shape: GridShape = {
  width: 1200,
  targetHeight: 220,
  gap: 4,
  dayHeight: 28,
  headingHeight: 68,
  sectionGap: 20,
  besideGap: 28,
  besideWidth: 236,
}

function library(...counts: number[]) {
  return counts.map((count, position) => sectionOf(`${2026 - position}-07`, codes(count)))
}

describe('the timeline layout', () => {
  test('knows the whole height from the ratios alone, and it is the sum of its months', () => {
    const sections = library(500, 3, 1200)
    const layout = new GridLayout(sections, shape)
    const single = sections.map((section) => new GridLayout([section], shape).height)
    expect(layout.height).toBe(single.reduce((sum, height) => sum + height))
  })

  test('lays out 100,000 items, and shows a window of them, with few tiles', () => {
    const layout = new GridLayout(library(...Array.from({ length: 100 }, () => 1000)), shape)
    const shown = layout.visible(layout.height / 2, layout.height / 2 + 1000)
    const tiles = shown.flatMap((section) => section.tiles)
    expect(tiles.length).toBeGreaterThan(10)
    expect(tiles.length).toBeLessThan(80)
  })

  test('shows every item that a window touches, and none that it does not', () => {
    const layout = new GridLayout(library(200, 200, 200), shape)
    const [from, to] = [layout.tops[1]! - 300, layout.tops[1]! + 500]
    const shown = new Set<string>()
    for (const { position, top, tiles } of layout.visible(from, to)) {
      for (const tile of tiles) {
        shown.add(`${position}/${tile.index}`)
        expect(top + tile.top).toBeLessThan(to)
        expect(top + tile.top + tile.height).toBeGreaterThan(from)
      }
    }
    for (const { position, top, tiles } of layout.visible(0, layout.height)) {
      for (const tile of tiles) {
        const touches = top + tile.top < to && top + tile.top + tile.height > from
        expect(shown.has(`${position}/${tile.index}`)).toBe(touches)
      }
    }
  })

  test('puts months of a few photos beside each other, as many as fit', () => {
    const few = (month: string, count: number) => sectionOf(month, Uint8Array.from({ length: count }, () => codeOf(1.5)))
    const sections = [few('2026-07', 1), few('2026-06', 2), few('2026-05', 1), few('2026-04', 30), few('2026-03', 1)]
    const layout = new GridLayout(sections, shape)
    const [july, june, may, april, march] = layout.visible(0, layout.height)
    expect([july!.left, june!.left]).toEqual([0, july!.width + 28])
    expect([july!.top, june!.top]).toEqual([0, 0])
    expect(may!.top).toBe(july!.top + july!.height + shape.sectionGap)
    expect(april!.left).toBe(0)
    expect(april!.top).toBeGreaterThan(may!.top)
    expect(march!.top).toBe(april!.top + april!.height + shape.sectionGap)
    expect(layout.sectionAt(10)).toBe(0)
    expect([layout.neighbourBand(0, 1), layout.neighbourBand(2, -1), layout.neighbourBand(4, 1)]).toEqual([2, 0, null])
    expect(layout.itemVertically(2, 0, -1)).toEqual({ position: 0, index: 0 })
    expect(layout.itemVertically(1, 1, 1)).toEqual({ position: 2, index: 0 })
  })

  test('gives a month of one narrow photo room for its heading', () => {
    const narrow = ['2026-07', '2026-06'].map((month) => sectionOf(month, Uint8Array.of(codeOf(0.5))))
    const [, june] = new GridLayout(narrow, shape).visible(0, 500)
    expect(june!.left).toBe(236 + 28)
  })

  test('keeps the row of the focused item, however far away it is', () => {
    const layout = new GridLayout(library(2000, 2000), shape)
    const shown = layout.visible(0, 800, { position: 1, index: 1500 })
    expect(shown.at(-1)!.tiles.map(({ index }) => index)).toContain(1500)
  })

  test('does not lay a month out again while its ratios and the width are the same', () => {
    const sections = library(500, 500)
    const before = new GridLayout(sections, shape)
    // Whoever looks at them again sees others; a section itself never changes.
    sections[0]!.ratios.fill(codeOf(5))
    const after = new GridLayout([sectionOf('2027-01', codes(5)), ...sections], shape)
    expect(after.heightOf(1)).toBe(before.heightOf(0))
    const narrow = { ...shape, width: 700 }
    const same = sections.map(({ key, ratios }) => sectionOf(key, ratios.slice()))
    expect(new GridLayout(sections, narrow).height).toBe(new GridLayout(same, narrow).height)
  })

  test('goes up and down to the nearest photo, from month to month, and stops at the ends', () => {
    const layout = new GridLayout(library(40, 40), shape)
    const lastRow = layout.rowOf(0, 39)
    const down = layout.itemVertically(0, 39, 1)!
    expect(down.position).toBe(1)
    expect(layout.rowOf(1, down.index)).toBe(0)
    expect(layout.rowOf(0, layout.itemVertically(1, 0, -1)!.index)).toBe(lastRow)
    expect(layout.itemVertically(0, 0, -1)).toBeNull()
    expect(layout.itemVertically(1, 39, 1)).toBeNull()
  })
})

describe('the scroll anchor', () => {
  test('keeps what is looked at in its place when photos come in above', () => {
    const sections = library(300, 300)
    const before = new GridLayout(sections, shape)
    const top = before.tops[1]! + 700
    const after = new GridLayout([sectionOf('2027-01', codes(80)), ...sections], shape)
    expect(findAnchor(after, anchorAt(before, top)!)! - top).toBe(after.tops[2]! - before.tops[1]!)
  })

  test('keeps the row when the window becomes narrower', () => {
    const sections = library(300, 300)
    const before = new GridLayout(sections, shape)
    const top = before.tops[1]! + 700
    const { index } = before.itemAt(top)
    const after = new GridLayout(sections, { ...shape, width: 700 })
    const found = findAnchor(after, anchorAt(before, top)!)!
    const row = after.rowBox(1, index)
    expect(found).toBeGreaterThanOrEqual(row.top)
    expect(found).toBeLessThanOrEqual(row.top + row.height)
  })

  test('lets new photos push the others down at the very top', () => {
    expect(anchorAt(new GridLayout(library(10), shape), 0)).toBeNull()
  })

  test('gives up when its month is gone', () => {
    const before = new GridLayout(library(50, 50), shape)
    const after = new GridLayout(library(50), shape)
    expect(findAnchor(after, anchorAt(before, before.tops[1]! + 100)!)).toBeNull()
  })
})

describe('a marked item', () => {
  const layoutOf = (...months: [string, string[], string[]?][]) =>
    new GridLayout(
      months.map(([month, ids, loaded = ids]) => sectionOf(month, codes(ids.length), monthPage(month, loaded))),
      shape,
    )

  test('is found where it went when others came in before it', () => {
    const mark = markOf(layoutOf(['2026-07', ['a', 'b']]), { position: 0, index: 1 })
    const after = layoutOf(['2026-08', ['x']], ['2026-07', ['new', 'a', 'b']])
    expect(findMark(after, mark)).toEqual({ position: 1, index: 2 })
  })

  test('keeps its place while its month is not here yet', () => {
    const mark = markOf(layoutOf(['2026-07', ['a', 'b', 'c'], ['a']]), { position: 0, index: 2 })
    expect(findMark(layoutOf(['2026-07', ['a', 'b', 'c']]), mark)).toEqual({ position: 0, index: 2 })
  })

  test('that is gone leaves its place to the next, and that is the last where there is none', () => {
    const mark = markOf(layoutOf(['2026-07', ['a', 'b', 'c']]), { position: 0, index: 2 })
    expect(findMark(layoutOf(['2026-07', ['a', 'b', 'd']]), mark)).toEqual({ position: 0, index: 2 })
    expect(findMark(layoutOf(['2026-07', ['a', 'b']]), mark)).toEqual({ position: 0, index: 1 })
    expect(findMark(layoutOf(['2026-06', ['a']]), mark)).toBeNull()
  })
})

test('finds each item by a point on it, and the nearest of its row beside it', () => {
  const layout = new GridLayout(library(40, 2, 2, 30), shape)
  for (const { position, top, left, tiles } of layout.visible(0, layout.height)) {
    for (const tile of tiles) {
      const place = layout.placeNear(left + tile.left + tile.width / 2, top + tile.top + tile.height / 2)
      expect(place).toEqual({ position, index: tile.index })
    }
  }
  expect(layout.placeNear(-50, 0)).toEqual({ position: 0, index: 0 })
  expect(layout.placeNear(5000, layout.height + 100)).toEqual({ position: 3, index: 29 })
})
