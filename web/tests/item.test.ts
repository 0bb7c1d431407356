import { expect, test } from 'vitest'
import { bytesOf } from '../src/photos/base64'
import { beginsDay, hasClip, itemName, surrounds } from '../src/photos/item'
import { ratioOfCode } from '../src/photos/ratios'
import { MEDIUM, placeholder, renditionUrl, SMALL } from '../src/photos/renditions'
import { durationName, momentName, monthName } from '../src/texts/formats'
import { base64, codeOf, monthPage } from './support'

test('the address of a rendition carries the signature of its month and nothing else', () => {
  const page = monthPage('2026-07', ['a'], { thumbExpires: 1800000000 })
  expect(renditionUrl(page, 0, MEDIUM)).toBe('/media/key-of-a/1/480.webp?e=1800000000&k=k1&s=signature-of-a')
})

test('media may live on a host of their own', () => {
  const page = monthPage('2026-07', ['a'], { mediaBaseUrl: 'https://media.example' })
  expect(renditionUrl(page, 0, SMALL)).toMatch(/^https:\/\/media\.example\/media\/key-of-a\/1\/240\.webp\?/)
})

test('a video that is not processed yet has no rendition', () => {
  expect(renditionUrl(monthPage('2026-07', ['v'], { versions: [0] }), 0, SMALL)).toBeNull()
})

test('ratios come out of their bytes as they went in', () => {
  expect([...bytesOf(base64(Uint8Array.of(0, 128, 157, 255)))]).toEqual([0, 128, 157, 255])
  for (const ratio of [3 / 2, 3 / 4, 1, 16 / 9]) expect(Math.abs(ratioOfCode[codeOf(ratio)]! / ratio - 1)).toBeLessThan(0.01)
})

test('a ThumbHash becomes a small picture, and none becomes nothing', () => {
  expect(placeholder('1QcSHQRnh493V4dIh4eXh1h4kJUI')).toMatch(/^data:image\/png;base64,/)
  expect(placeholder('')).toBe('')
})

test('the wall clock is shown as it was, wherever the reader is', () => {
  expect(momentName('2024-03-31T02:30:00')).toContain('2:30')
  expect(monthName('2024-07')).toContain('2024')
})

test('a photo that moves, and one that goes around who looks, are known by their bits; a video by none', () => {
  const page = monthPage('2026-07', ['p', 'l', 'r', 'b', 'v'], { flags: [1, 2, 8, 11, 10], kinds: ['photo', 'photo', 'photo', 'photo', 'video'] })
  const found = page.ids.map((_id, index) => [hasClip(page, index), surrounds(page, index)])
  expect(found).toEqual([[false, false], [true, false], [false, true], [true, true], [false, false]])
  expect(itemName(page, 1)).toBe('Live photo, July 15, 2026 at 12:00 PM')
})

test('an item is named by what it is, how long, whether it can be seen, and when it was taken', () => {
  const page = monthPage('2026-07', ['p', 'v', 'w'], {
    kinds: ['photo', 'video', 'video'],
    durationsMs: [0, 12_000, 0],
    versions: [1, 1, 0],
  })
  const moment = momentName('2026-07-15T12:00:00')
  expect([0, 1, 2].map((index) => itemName(page, index))).toEqual([
    `Photo, ${moment}`,
    `Video, 0:12, ${moment}`,
    `Video, not processed yet, ${moment}`,
  ])
})

test('an item is named by where it was taken, before all that was done with it', () => {
  const page = monthPage('2026-07', ['p', 'q'], { placeNames: ['Naples, Italy', ''], flags: [1, 0] })
  const moment = momentName('2026-07-15T12:00:00')
  expect([0, 1].map((index) => itemName(page, index))).toEqual([`Photo, ${moment}, Naples, Italy, favourite`, `Photo, ${moment}`])
})

test('a favourite is called one', () => {
  const page = monthPage('2026-07', ['p', 'q'], { flags: [2, 3] })
  expect([0, 1].map((index) => itemName(page, index).endsWith(', favourite'))).toEqual([false, true])
})

test('a day begins at the first item and where the date changes', () => {
  const takenAtLocal = ['2026-07-02T10:00:00', '2026-07-02T00:00:00', '2026-07-01T23:59:59']
  const page = monthPage('2026-07', ['a', 'b', 'c'], { takenAtLocal })
  expect([0, 1, 2].map((index) => beginsDay(page, index))).toEqual([true, false, true])
})

test('durations are written as players do', () => {
  expect([7_000, 67_400, 3_605_000].map(durationName)).toEqual(['0:07', '1:07', '1:00:05'])
})
