import { afterEach, expect, test } from 'vitest'
import { monthName, numberName } from '../src/texts/formats'
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
