import { expect, test } from 'vitest'
import { common, messageAt, type Edited } from '../src/edits/edited'
import { coordinatesOf, offsets, partsOf, secondsOf, shifted, wordsOf } from '../src/edits/typed'
import type { ItemDetails } from '../src/photos/itemDetails'
import { dayEnd } from '../src/photos/item'
import { monthPage, sectionOf } from './support'

test('a shift goes both ways, and over the ends of days, months and years', () => {
  const seconds = secondsOf({ isEarlier: true, days: 1, hours: 2, minutes: 3 })
  expect(seconds).toBe(-(86_400 + 2 * 3600 + 180))
  expect(shifted('2024-01-01T01:00:00', seconds)).toBe('2023-12-30T22:57:00')
  expect(shifted('2024-02-28T23:30:00Z', secondsOf({ isEarlier: false, days: 0, hours: 1, minutes: 0 }))).toBe('2024-02-29T00:30:00')
})

test('a moment is read as fields of a form hold it', () => {
  expect(partsOf('2024-07-14T10:30:05.250')).toEqual({ date: '2024-07-14', time: '10:30:05' })
})

test('the offsets that there are include the one that a photo has', () => {
  expect(offsets(null)).not.toContain(1234)
  expect(offsets(1234)).toContain(1234)
  expect(offsets(3600).filter((one) => one === 3600)).toHaveLength(1)
})

test.each([
  ['38.72, -9.14', { latitude: 38.72, longitude: -9.14 }],
  ['38.72 -9.14', { latitude: 38.72, longitude: -9.14 }],
  ['-90,180', { latitude: -90, longitude: 180 }],
  ['91, 0', null],
  ['0, 181', null],
  ['Lisbon', null],
  ['38.72', null],
])('coordinates are read as people write them: %s', (text, point) => {
  expect(coordinatesOf(text)).toEqual(point)
})

test('keywords are what lies between commas, each once', () => {
  expect(wordsOf(' lake, summer ,,lake')).toEqual(['lake', 'summer'])
  expect(wordsOf('Doe, John, x,y', ['x', 'Doe, John'])).toEqual(['Doe, John', 'x', 'y'])
  expect(wordsOf('Doe, Johnny', ['Doe, John'])).toEqual(['Doe', 'Johnny'])
})

test('what photos have in common is shown, and what differs or is unknown is not', () => {
  const edited = (...titles: string[]): Edited => ({
    count: titles.length,
    known: titles.map((title) => ({ title }) as ItemDetails),
    newest: null,
    oldest: null,
  })
  const title = ({ title }: ItemDetails) => title
  expect(common(edited('Lake', 'Lake'), title)).toBe('Lake')
  expect(common(edited('Lake', 'Sea'), title)).toBeUndefined()
  expect(common({ ...edited('Lake'), known: null }, title)).toBeUndefined()
})

test('what the server refuses is said at its field', () => {
  const errors = [{ field: 'set.place.name', message: 'No such place' }]
  expect(messageAt(errors, 'place')).toBe('No such place')
  expect(messageAt(errors, 'title')).toBe('')
})

test('a day ends where another begins, and is not known to end where the next page may go on with it', () => {
  const days = ['03', '02', '02', '02'].map((day) => `2024-07-${day}T12:00:00`)
  const page = monthPage('2024-07', ['a', 'b', 'c', 'd'], { takenAtLocal: days })
  expect(dayEnd(sectionOf('2024-07', new Uint8Array(4), page), 0)).toBe(1)
  expect(dayEnd(sectionOf('2024-07', new Uint8Array(4), page), 1)).toBe(4)
  expect(dayEnd(sectionOf('2024-07', new Uint8Array(9), page), 1)).toBeNull()
  expect(dayEnd(sectionOf('2024-07', new Uint8Array(4)), 1)).toBeNull()
})
