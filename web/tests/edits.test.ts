import { expect, test, vi } from 'vitest'
import { reactive } from 'vue'
import { LONGEST_KEYWORD, LONGEST_SHIFT_SECONDS, LONGEST_TITLE, MOST_KEYWORDS } from '../src/api/constants'
import { wrongShift, wrongTime, wrongWords } from '../src/edits/checks'
import { common, type Edited, isEmpty } from '../src/edits/edited'
import { fieldErrors } from '../src/edits/fieldErrors'
import { coordinatesOf, offsets, partsOf, secondsOf, shifted, wordsOf } from '../src/edits/typed'
import type { ItemDetails } from '../src/photos/itemDetails'
import { dayEnd } from '../src/photos/item'
import { texts } from '../src/texts/texts'
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
  ['38,72 -9,14', { latitude: 38.72, longitude: -9.14 }],
  ['38,72; −9,14', { latitude: 38.72, longitude: -9.14 }],
  ['38,72', { latitude: 38, longitude: 72 }],
  ["38°43'12\"N 9°9'W", { latitude: 38.72, longitude: -9.15 }],
  ['38° 43.2′ N, 9° 9′ W', { latitude: 38.72, longitude: -9.15 }],
  ["W 9°9' N 38°43.2'", { latitude: 38.72, longitude: -9.15 }],
  ['38.72° S, 9.14° e', { latitude: -38.72, longitude: 9.14 }],
  ['91, 0', 'beyond'],
  ['95, 200', 'beyond'],
  ['0, 181', 'beyond'],
  ["38°63'N 9°8'W", null],
  ['38 N 9 N', null],
  ['Lisbon', null],
  ['38.72', null],
  ['Route 66, 12', null],
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

test('what the server refuses is said at its field in words of the page until that changes, and what has no field is not', () => {
  const typed = reactive({ place: 'Nowhere', title: '' })
  const { errors, refuse } = fieldErrors({ place: () => typed.place, title: () => typed.title }, { place: 'Not there', title: 'Too long' })
  expect(refuse([{ field: 'set.place.name', message: 'names no place' }])).toBe(true)
  expect(errors).toEqual({ place: 'Not there', title: '' })
  typed.title = 'Lake'
  expect(errors).toEqual({ place: 'Not there', title: '' })
  typed.place = 'Lisbon'
  expect(errors).toEqual({ place: '', title: '' })
  expect(refuse([{ field: 'changeId', message: 'is missing' }])).toBe(false)
  expect(refuse([])).toBe(false)
})

test('an edit that asks for nothing is known', () => {
  expect([{}, { set: {} }, { set: {}, reset: [] }].map(isEmpty)).toEqual([true, true, true])
  expect([{ set: { title: null } }, { reset: ['title' as const] }].map(isEmpty)).toEqual([false, false])
})

const { time, fields } = texts.edits

test('words that the server would refuse are told before they are sent, by field', () => {
  const long = 'x'.repeat(LONGEST_KEYWORD + 1)
  const many = Array.from({ length: MOST_KEYWORDS + 1 }, (_, number) => `${number}`)
  expect(wrongWords({ title: '😀'.repeat(LONGEST_TITLE), description: null, keywords: ['lake'] })).toEqual({})
  expect(wrongWords({ title: 'x'.repeat(LONGEST_TITLE + 1) })).toEqual({ title: fields.tooLong(LONGEST_TITLE) })
  expect(wrongWords({ keywords: [long] })).toEqual({ keywords: fields.keywordTooLong(LONGEST_KEYWORD) })
  expect(wrongWords({ keywords: many })).toEqual({ keywords: fields.tooManyKeywords(MOST_KEYWORDS) })
  expect(wrongWords({ addKeywords: ['sea', 'lake'], removeKeywords: ['lake'] })).toEqual({ removeKeywords: fields.both('lake') })
})

test('no photo was taken before there were any, nor later than a day ahead', () => {
  vi.setSystemTime('2024-07-14T12:00:00Z')
  expect(wrongTime('2024-07-15T12:00:00')).toBe('')
  expect(wrongTime('2024-07-15T12:00:01')).toBe(time.tooLate)
  expect(wrongTime('1826-01-01T00:00:00')).toBe('')
  expect(wrongTime('1825-12-31T23:59:59')).toBe(time.tooEarly(1826))
  vi.useRealTimers()
})

test('a shift is by whole numbers from 0 on, and leads to where photos may be', () => {
  const of = (newest: string | null, oldest: string | null): Edited => ({ count: 3, known: null, newest, oldest })
  const shift = { isEarlier: false, days: 0, hours: 0, minutes: 0 }
  const some = of('2021-07-14T12:00:00', '2021-07-01T12:00:00')
  expect(wrongShift({ ...shift, days: 5, hours: '' }, some)).toBe('')
  expect(wrongShift({ ...shift, days: -5 }, some)).toBe(time.noWhole)
  expect(wrongShift({ ...shift, days: 1.5 }, some)).toBe(time.noWhole)
  expect(wrongShift({ ...shift, days: '' }, some)).toBe(time.noShift)
  expect(wrongShift({ ...shift, days: 36_500 }, some)).toBe(time.tooLate)
  expect(wrongShift({ ...shift, isEarlier: true, days: 73_000 }, some)).toBe(time.tooEarly(1826))
  expect(wrongShift({ ...shift, days: 36_500 }, of(null, null))).toBe('')
  expect(wrongShift({ ...shift, minutes: LONGEST_SHIFT_SECONDS }, of(null, null))).toBe(time.impossible(1826))
})

test('a day ends where another begins, and is not known to end where the next page may go on with it', () => {
  const days = ['03', '02', '02', '02'].map((day) => `2024-07-${day}T12:00:00`)
  const page = monthPage('2024-07', ['a', 'b', 'c', 'd'], { takenAtLocal: days })
  expect(dayEnd(sectionOf('2024-07', new Uint8Array(4), page), 0)).toBe(1)
  expect(dayEnd(sectionOf('2024-07', new Uint8Array(4), page), 1)).toBe(4)
  expect(dayEnd(sectionOf('2024-07', new Uint8Array(9), page), 1)).toBeNull()
  expect(dayEnd(sectionOf('2024-07', new Uint8Array(4)), 1)).toBeNull()
})
