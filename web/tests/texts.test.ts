import { afterEach, expect, test } from 'vitest'
import { agoName, monthName, numberName, spanName } from '../src/texts/formats'
import { language } from '../src/texts/language'
import { speak, texts } from '../src/texts/texts'

afterEach(() => speak(['en']))

test('dates and numbers are in the language of the texts, as the reader’s region writes them', async () => {
  await speak(['xx-YY', 'en-IN', 'en-US'])
  expect(language.value).toBe('en-IN')
  expect(numberName(1_234_567)).toBe('12,34,567')
  expect(texts.uploads.added(1_234_567)).toBe('12,34,567 added')
})

test('a reader of a language that has no texts gets dates in English, not half of each', async () => {
  await speak(['xx-YY'])
  expect(monthName('2024-07')).toBe('July 2024')
})

test.each([
  [20, 'this minute'],
  [-20, 'this minute'],
  [61, '1 minute ago'],
  [7300, '2 hours ago'],
  [86_400, 'yesterday'],
  [3 * 86_400, '3 days ago'],
])('%d seconds ago is told as “%s”', (seconds, told) => {
  const moment = '2026-07-14T12:00:00Z'
  expect(agoName(moment, Date.parse(moment) + seconds * 1000)).toBe(told)
})

test.each([
  [0, '0 seconds'],
  [59, '59 seconds'],
  [61, '2 minutes'],
  [3600, '1 hour'],
  [90_000, '2 days'],
])('a wait of %d seconds is told as “%s”', (seconds, told) => {
  expect(spanName(seconds)).toBe(told)
})
