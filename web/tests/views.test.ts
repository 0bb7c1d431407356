import { describe, expect, test } from 'vitest'
import { countOf, firstOf, firstWeekday, monthDays, weeksOf } from '../src/photos/days/monthDays'
import type { Columns, Section } from '../src/photos/photoList'
import { cardFrom } from '../src/views/cardKeys'
import { densityOf, fullestOf, yearsOf } from '../src/views/years'

function section(key: string, count: number, days: number[] | null = null): Section {
  const ids = days?.map(String)
  const columns = days && ({ ids, takenAtLocal: days.map((day) => `${key}-${String(day).padStart(2, '0')}T12:00:00`) } as unknown as Columns)
  return { key, ratios: new Uint8Array(count), columns }
}

describe('years', () => {
  const [late, early] = yearsOf([section('2024-07', 10), section('2024-01', 40), section('2019-03', 1)])

  test('hold their months and all of their photos, in the order of the list', () => {
    expect(late).toEqual({ key: '2024', count: 50, months: [{ key: '2024-07', count: 10 }, { key: '2024-01', count: 40 }] })
    expect(early!.months.map(({ key }) => key)).toEqual(['2019-03'])
  })

  test('are as dense in a month as it has photos beside the fullest, and never nothing where there is one', () => {
    expect(fullestOf(late!).key).toBe('2024-01')
    expect(densityOf(late!)).toEqual([1, 0, 0, 0, 0, 0, 0.25, 0, 0, 0, 0, 0])
    expect(densityOf(yearsOf([section('2024-02', 1000), section('2024-01', 1)])[0]!)[0]).toBeGreaterThan(0)
  })
})

describe('from card to card', () => {
  const groups = [['a', 'b', 'c', 'd', 'e'], ['f', 'g'], ['h', 'i', 'j']]

  test.each([
    ['ArrowRight', 'e', 'f'],
    ['ArrowLeft', 'f', 'e'],
    ['ArrowLeft', 'a', null],
    ['ArrowDown', 'a', 'd'],
    ['ArrowDown', 'c', 'e'],
    ['ArrowDown', 'e', 'g'],
    ['ArrowDown', 'j', null],
    ['ArrowUp', 'd', 'a'],
    ['ArrowUp', 'g', 'e'],
    ['ArrowUp', 'j', 'g'],
    ['ArrowUp', 'b', null],
    ['PageDown', 'c', 'f'],
    ['PageUp', 'j', 'f'],
    ['Home', 'j', 'a'],
    ['End', 'a', 'j'],
  ])('%s leads from %s to %s where three are in a row', (key, from, to) => {
    expect(cardFrom(groups, 3, from, key)).toBe(to)
  })
})

describe('the days of a month', () => {
  test('are counted where the month is here', () => {
    const known = monthDays(section('2024-07', 4, [28, 28, 14, 2]))
    expect([28, 14, 2, 3].map((day) => countOf(known, day))).toEqual([2, 1, 1, 0])
  })

  test('are not known before the last one that is here of a month that is not', () => {
    const known = monthDays(section('2024-07', 10, [28, 28, 14]))
    expect([31, 28, 15, 14, 2].map((day) => countOf(known, day))).toEqual([0, 2, 0, null, null])
    expect(countOf(monthDays(section('2024-07', 10)), 31)).toBeNull()
  })

  test('lead to their first photo, to an older one where they have none, or else to the oldest', () => {
    const known = monthDays(section('2024-07', 4, [28, 28, 14, 3]))
    expect([28, 20, 14, 2].map((day) => firstOf(known, day))).toEqual([0, 2, 2, 3])
    expect(firstOf(monthDays(section('2024-07', 4)), 28)).toBeNull()
  })

  test('lie in weeks that begin as those of the language do', () => {
    expect(weeksOf('2024-02', 0)[0]).toEqual([null, null, null, 1, 2, 3, 4])
    expect(weeksOf('2024-02', 6)[0]).toEqual([null, null, null, null, 1, 2, 3])
    expect(weeksOf('2024-02', 0).at(-1)).toEqual([26, 27, 28, 29, null, null, null])
    expect([firstWeekday('en-GB'), firstWeekday('en-US')]).toEqual([0, 6])
  })
})
