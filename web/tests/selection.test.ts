import { expect, test } from 'vitest'
import type { Section } from '../src/photos/photoList'
import { Selection } from '../src/selection/selection'
import { codes, monthPage, sectionOf } from './support'

const NOW = '2026-07-30T10:00:00Z'
const LATER = '2026-07-30T11:00:00Z'
const TIMELINE = { name: 'timeline' } as const

const here = (key: string, ids: string[]) => sectionOf(key, new Uint8Array(ids.length), monthPage(key, ids))
const away = (key: string, count: number) => sectionOf(key, new Uint8Array(count))
const at = (position: number, index: number) => ({ position, index })

/** Three months; the middle one was never fetched. */
const july = here('2026-07', ['a', 'b', 'c'])
const may = away('2026-05', 200)
const march = here('2026-03', ['x', 'y'])
const months = [july, may, march]
const none = new Selection(months)

function idsOf(selection: Selection): string[] {
  return selection.targets(TIMELINE, NOW).flatMap(({ ids }) => ids ?? [])
}

test('what is chosen one by one is sent by its ids', () => {
  const chosen = none.with(at(0, 0), at(0, 0), true, NOW).with(at(2, 1), at(2, 1), true, NOW).with(at(0, 0), at(0, 0), false, NOW)
  expect(chosen.count).toBe(1)
  expect(chosen.has(at(2, 1))).toBe(true)
  expect(chosen.has(at(0, 0))).toBe(false)
  expect(chosen.targets(TIMELINE, NOW)).toEqual([{ ids: ['y'] }])
})

test('a span over a month that nobody has fetched takes it as a whole, and needs none of its items', () => {
  const chosen = none.with(at(2, 0), at(0, 1), true, NOW)
  expect(chosen.count).toBe(2 + 200 + 1)
  expect(chosen.unresolved).toEqual([])
  expect(chosen.targets(TIMELINE, NOW)).toEqual([
    { ids: ['b', 'c', 'x'], list: { name: 'timeline', months: ['2026-05'] }, asOf: NOW },
  ])
})

test('a span that ends within a month that nobody has fetched is counted at once, and named once its items are here', () => {
  const chosen = none.with(at(0, 2), at(1, 9), true, NOW)
  expect(chosen.count).toBe(11)
  expect(chosen.unresolved).toEqual(['2026-05'])
  const ids = Array.from({ length: 200 }, (_, index) => `m${index}`)
  const known = chosen.follow([july, here('2026-05', ids), march])
  expect(known.unresolved).toEqual([])
  expect(idsOf(known)).toEqual(['c', ...ids.slice(0, 10)])
})

test('everything is the list as it was, less what was taken out again', () => {
  const list = [away('2026-07', 30_000), away('2026-06', 30_000)]
  const all = new Selection(list).all(NOW)
  expect(all.count).toBe(60_000)
  expect(all.targets(TIMELINE, NOW)).toEqual([{ list: TIMELINE, asOf: NOW }])
  const less = all.with(at(1, 0), at(1, 0), false, NOW)
  expect(less.count).toBe(59_999)
  expect(less.shareOf(1)).toBe('some')
  const ids = Array.from({ length: 30_000 }, (_, index) => `m${index}`)
  const [target] = less.follow([list[0]!, here('2026-06', ids)]).targets(TIMELINE, NOW)
  expect(target).toEqual({ list: { name: 'timeline', except: ['m0'] }, asOf: NOW })
})

test('more ids than a call takes go in several, but for months of which most is chosen', () => {
  const ids = Array.from({ length: 30_000 }, (_, index) => `m${index}`)
  const list = [here('2026-08', ids), july]
  const few = new Selection(list).with(at(0, 0), at(0, 11_999), true, NOW)
  expect(few.targets(TIMELINE, NOW).map((target) => target.ids?.length)).toEqual([10_000, 2000])
  const [most, ...others] = new Selection(list).with(at(0, 1), at(1, 0), true, NOW).targets(TIMELINE, NOW)
  expect(others).toEqual([])
  expect(most).toEqual({ ids: ['a'], list: { name: 'timeline', months: ['2026-08'], except: ['m0'] }, asOf: NOW })
})

test('what has gone from the list leaves, what has come is not chosen, and the rest stays wherever it moved', () => {
  const chosen = none.with(at(0, 0), at(0, 2), true, NOW).follow([here('2026-07', ['new', 'b', 'c']), may, march])
  expect(chosen.count).toBe(2)
  expect(chosen.has(at(0, 0))).toBe(false)
  expect(idsOf(chosen)).toEqual(['b', 'c'])
  expect(chosen.follow([may, march]).count).toBe(0)
})

test('items that the page lets go of stay chosen, and are not fetched for that', () => {
  const chosen = none.with(at(0, 1), at(0, 2), true, NOW).follow([{ ...july, columns: null }, may, march])
  expect(chosen.unresolved).toEqual([])
  expect(idsOf(chosen)).toEqual(['b', 'c'])
})

test('a month that changes out of sight is looked into before anything of it is sent', () => {
  const chosen = none.with(at(0, 1), at(0, 2), true, NOW).follow([away('2026-07', 4), may, march])
  expect(chosen.count).toBe(2)
  expect(chosen.shareOf(0)).toBe('some')
  expect(chosen.unresolved).toEqual(['2026-07'])
  const found = chosen.follow([here('2026-07', ['c', 'a', 'n', 'o']), may, march])
  expect(found.count).toBe(1)
  expect(idsOf(found)).toEqual(['c'])
})

test('what was chosen by its place alone is given up where the month turns out to be another', () => {
  const chosen = none.with(at(1, 0), at(1, 9), true, NOW)
  expect(chosen.follow([july, away('2026-05', 201), march]).count).toBe(0)
})

test('a month chosen as a whole stays so while it is away, and holds what was in it once it is here', () => {
  const chosen = none.with(at(1, 0), at(1, 199), true, NOW)
  expect(chosen.follow([july, away('2026-05', 201), march]).count).toBe(200)
  const seen = chosen.follow([july, here('2026-05', ['m', 'n']), march])
  expect(seen.count).toBe(2)
  expect(seen.follow([july, here('2026-05', ['late', 'm', 'n']), march]).count).toBe(2)
})

test('of a month chosen unseen, what came since is left out: it is asked for as of when it was chosen', () => {
  const later = here('2026-05', ['late', ...Array.from({ length: 200 }, (_, index) => `m${index}`)])
  const chosen = none.with(at(1, 0), at(1, 199), true, NOW).follow([july, away('2026-05', 201), march]).follow([july, later, march])
  expect(chosen.follow([july, { ...later }, march]).targets(TIMELINE, LATER)).toEqual([
    { list: { name: 'timeline', months: ['2026-05'] }, asOf: NOW },
  ])
})

test('months chosen at different moments are asked for as of each', () => {
  const list = [away('2026-09', 3), away('2026-08', 3), july]
  const chosen = new Selection(list).with(at(0, 0), at(0, 2), true, NOW).with(at(1, 0), at(2, 0), true, LATER)
  expect(chosen.targets(TIMELINE, LATER)).toEqual([
    { ids: ['a'], list: { name: 'timeline', months: ['2026-09'] }, asOf: NOW },
    { list: { name: 'timeline', months: ['2026-08'] }, asOf: LATER },
  ])
})

test('where even the exceptions are more than a call takes, ids are sent', () => {
  const ids = Array.from({ length: 30_000 }, (_, index) => `m${index}`)
  const chosen = new Selection([here('2026-08', ids)]).with(at(0, 0), at(0, 15_999), true, NOW)
  expect(chosen.targets(TIMELINE, NOW).map((target) => target.ids?.length)).toEqual([10_000, 6000])
})

test('the first page of a long month tells nothing of the rest', () => {
  const long = monthPage('2026-05', ['m', 'n'])
  const begun: Section = { ...may, columns: long }
  const whole = none.with(at(1, 0), at(1, 199), true, NOW).follow([july, begun, march])
  expect(whole.targets(TIMELINE, NOW)[0]!.list!.months).toEqual(['2026-05'])
  const some = none.with(at(1, 1), at(1, 2), true, NOW).follow([july, begun, march])
  expect(some.count).toBe(2)
  expect(some.unresolved).toEqual(['2026-05'])
})

test('a heading tells whether all, some or none of its photos are chosen', () => {
  const chosen = none.with(at(0, 0), at(0, 1), true, NOW)
  expect([chosen.shareOf(0), chosen.shareOf(0, 0, 2), chosen.shareOf(0, 2, 3), chosen.shareOf(1)]).toEqual(['some', 'all', 'none', 'none'])
  expect(none.all(NOW).shareOf(1)).toBe('all')
})

test('both ends are known of what is chosen', () => {
  expect(none.end('first')).toBeNull()
  const chosen = none.with(at(0, 1), at(1, 3), true, NOW)
  expect(chosen.end('first')).toEqual(at(0, 1))
  expect(chosen.end('last')).toEqual(at(1, 3))
})

test('ids are told where they are few and known', () => {
  const chosen = none.with(at(0, 0), at(0, 1), true, NOW)
  expect(chosen.ids(2)).toEqual(['a', 'b'])
  expect(chosen.ids(1)).toBeNull()
  expect(none.with(at(0, 0), at(1, 0), true, NOW).ids(9)).toBeNull()
})

test('a step changes nothing that was there before', () => {
  const before = none.with(at(0, 0), at(0, 1), true, NOW)
  before.with(at(0, 0), at(2, 1), false, NOW)
  expect(before.count).toBe(2)
})

test('a million items in three hundred months can be chosen, counted and asked for one', () => {
  const list = Array.from({ length: 300 }, (_, number) => sectionOf(String(1000 - number), codes(3334)))
  const all = new Selection(list).all(NOW)
  expect(all.count).toBe(300 * 3334)
  expect(all.has(at(299, 3333))).toBe(true)
})

test('of a list that the server does not know each photo is named, however many they are', () => {
  const ids = Array.from({ length: 15_000 }, (_, index) => `m${index}`)
  const found = new Selection([here('best', ids)]).all(NOW)
  const targets = found.targets(null, NOW)
  expect(targets.map((target) => Object.keys(target))).toEqual([['ids'], ['ids']])
  expect(targets.flatMap((target) => target.ids)).toEqual(ids)
})
