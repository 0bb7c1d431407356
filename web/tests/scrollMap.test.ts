import { expect, test } from 'vitest'
import { ScrollMap } from '../src/photos/scrollMap'

const WINDOW = 1000

/** A browser's element: it can't be scrolled past its ends. */
function scroller(content: number, tallest: number) {
  const map = new ScrollMap(tallest)
  map.resize(content, WINDOW)
  const last = map.heightFor(content) - WINDOW
  let at = 0
  let top = 0
  return {
    map,
    get top() {
      return top
    },
    get at() {
      return at
    },
    by: (step: number) => {
      at = Math.min(last, Math.max(0, at + step))
      return (top = map.scrolled(at))
    },
    rest: () => (at = map.scrollTo(top)),
    to: (y: number) => {
      at = map.scrollTo(y)
      top = y
    },
  }
}

test('content that an element can hold is not mapped', () => {
  const page = scroller(50_000, 100_000)
  expect(page.map.heightFor(50_000)).toBe(50_000)
  expect([page.by(700), page.by(30_000), page.by(-200)]).toEqual([700, 30_700, 30_500])
  expect(page.map.shift).toBe(0)
})

test('by wheel and finger the content moves by as many pixels as the element', () => {
  const page = scroller(4_000_000, 100_000)
  page.to(1_234_567)
  const before = page.top
  page.by(300)
  page.by(-120)
  expect(page.top - before).toBeCloseTo(180, 6)
})

test('a drag of the scrollbar leads to the same share of the content', () => {
  const page = scroller(4_001_000, 101_000)
  expect(page.by(50_000)).toBe(2_000_000)
  expect(page.by(50_000)).toBe(4_000_000)
  expect(page.by(-100_000)).toBe(0)
})

test('what is at the top of the window stays there when a scroll is over, and there is more to scroll', () => {
  const page = scroller(4_000_000, 100_000)
  page.to(3_000_000)
  for (let step = 0; step < 30; step++) page.by(-1900)
  const { top } = page
  expect(top).toBeCloseTo(3_000_000 - 30 * 1900, 3)
  page.rest()
  expect(page.top).toBe(top)
  expect(page.at).toBeCloseTo((top / 3_999_000) * 99_000, 3)
})

test('all of it is reached by wheel alone, from one end to the other and back', () => {
  const page = scroller(1_000_000, 50_000)
  const walk = (step: number) => {
    for (let count = 0; count < 20_000; count++) {
      const before = page.top
      page.by(step)
      if (count % 5 === 4) page.rest()
      if (page.top === before && count % 5 === 0) return
    }
  }
  walk(1500)
  expect(page.top).toBeCloseTo(999_000, 6)
  expect(page.at).toBeCloseTo(49_000, 6)
  walk(-1500)
  expect(page.top).toBeCloseTo(0, 6)
  expect(page.at).toBeCloseTo(0, 6)
})

test('every place of the content is reached to the pixel', () => {
  const page = scroller(33_000_000, 8_000_000)
  for (const y of [0, 1, 1_000_001, 16_500_000.5, 32_998_999, 32_999_000]) {
    page.to(y)
    expect(page.map.scrolled(page.at)).toBeCloseTo(y, 6)
    expect(y - page.map.shift).toBeCloseTo(page.at, 6)
  }
})

test('what the page has above and below it is not mapped', () => {
  const map = new ScrollMap(100_000)
  map.resize(4_000_000, WINDOW)
  expect(map.scrolled(-60)).toBe(-60)
  map.scrollTo(3_999_000)
  expect(map.scrolled(99_040)).toBe(3_999_040)
})

test('a window that grows by the bar of the browser moves nothing', () => {
  const page = scroller(4_000_000, 100_000)
  page.to(2_000_000)
  const { top } = page
  page.map.resize(4_000_000, WINDOW + 80)
  expect(page.by(1)).toBeCloseTo(top + 1, 6)
})
