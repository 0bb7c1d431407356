import { describe, expect, test } from 'vitest'
import { folderAddress, foldersIn, pathTo } from '../src/lists/folderPaths'
import { asNamed, dayOf, meanings, placeOf, search } from '../src/palette/search'
import type { Entry } from '../src/palette/sources'
import { dateName, monthName } from '../src/texts/formats'

const page = (name: string): Entry => ({ name, hint: '', icon: 'photos', path: '/', words: name })
const month = (key: string): Entry => ({ ...page(monthName(key)), month: key, words: `${monthName(key)} ${key}` })
const year = (name: string, newest: string): Entry => ({ ...page(name), month: newest })
const entries = [
  page('Photos'),
  page('Recently added'),
  year('2024', '2024-07'),
  month('2024-07'),
  month('2024-01'),
  month('2014-07'),
  { ...page('Café'), words: 'Trips Café' },
]
const found = (query: string) => search(entries, query).map(({ name }) => name)

describe('the palette', () => {
  test.each([
    ['july 2024', ['July 2024']],
    ['jul', ['July 2024', 'July 2014']],
    ['2024', ['2024', 'July 2024', 'January 2024']],
    ['2024-07', ['July 2024']],
    ['2024-07-14', ['July 2024']],
    ['14 July 2024', ['July 2024']],
    ['july 14th, 2024', ['July 2024']],
    ['1999-01', []],
  ])('finds the months that are meant by %s', (query, names) => {
    expect(found(query)).toEqual(names)
  })

  test.each([
    ['2024-07-14', 14],
    ['14 July 2024', 14],
    ['july 2nd, 2024', 2],
    ['2024-07', null],
    ['july 2024', null],
    ['40 July', null],
  ])('reads of %s the day', (query, day) => {
    expect(dayOf(query)).toBe(day)
  })

  test.each([
    ['14.7.2019', ['2019-07-14', '2019-14-07']],
    ['05/06/2019', ['2019-06-05', '2019-05-06']],
    ['5-5-2019', ['2019-05-05']],
    ['Yesterday', ['2024-02-29']],
    ['today', ['2024-03-01']],
    ['july 2019', ['july 2019']],
  ])('reads of %s the days that may be meant', (query, days) => {
    expect(meanings(query, new Date(2024, 2, 1, 12), { today: 'today', yesterday: 'yesterday' })).toEqual(days)
  })

  test('calls a day of a month by its own name, and goes to it', () => {
    const july = { ...month('2024-07'), isMonth: true }
    expect(asNamed(july, '14 July 2024')).toMatchObject({ name: dateName('2024-07-14'), day: 14, month: '2024-07' })
    expect(asNamed(july, '2024-07')).toEqual(july)
    expect(asNamed({ ...month('2024-06'), isMonth: true }, '31 June 2024').name).toBe('June 2024')
    expect(asNamed(year('2024', '2024-07'), '14 2024').day).toBeUndefined()
  })

  test('finds what has the words in any order, with or without accents and capitals', () => {
    expect(found('cafe')).toEqual(['Café'])
    expect(found('CAFÉ trips')).toEqual(['Café'])
    expect(found('added recently')).toEqual(['Recently added'])
    expect(found('ecently')).toEqual([])
  })

  test('names first what is called as the query begins', () => {
    expect(search([{ ...page('Old'), words: 'Photos Old' }, page('Photos')], 'pho').map(({ name }) => name)).toEqual(['Photos', 'Old'])
  })
})

describe('folders', () => {
  const all = ['', 'Trips', 'Trips/10', 'Trips/9', 'Trips/9/raw', 'Tripster', 'École'].map((path) => ({ path, count: 1 }))

  test('lie in each other as their paths say, in the order that people count in', () => {
    expect(foldersIn(all, '').map(({ path }) => path)).toEqual(['École', 'Trips', 'Tripster'])
    expect(foldersIn(all, 'Trips').map(({ path }) => path)).toEqual(['Trips/9', 'Trips/10'])
    expect(pathTo('Trips/9/raw')).toEqual(['Trips', 'Trips/9', 'Trips/9/raw'])
    expect(pathTo('')).toEqual([])
  })

  test('have addresses that no name breaks', () => {
    expect(folderAddress('')).toBe('/folders')
    expect(folderAddress("Ann's 100%/a?b#c")).toBe('/folders/Ann%27s%20100%25/a%3Fb%23c')
    expect(folderAddress('photo/Weihnachten1')).toBe('/folders/%70hoto/Weihnachten1')
  })
})

test('what keys have led to stays the one when others come before it, and the first is where it has gone', () => {
  const [photos, recent, july] = [page('Photos'), page('Recently added'), month('2024-07')]
  expect(placeOf(recent, [july, photos, { ...recent }])).toBe(2)
  expect(placeOf(recent, [july, photos])).toBe(0)
})
