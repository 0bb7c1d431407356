import { expect, test } from 'vitest'
import { bytesOf, gigabytesOf } from '../src/admin/gigabytes'

test.each([
  ['50', 50_000_000_000],
  [' 1.5 ', 1_500_000_000],
  ['1,5', 1_500_000_000],
  ['.5', 500_000_000],
  ['0', 0],
])('“%s” is a size', (typed, bytes) => {
  expect(bytesOf(typed)).toBe(bytes)
})

test('nothing typed is no size of one’s own', () => {
  expect(bytesOf('  ')).toBeNull()
})

test.each(['-1', 'a lot', '1e3', '1.000,5', '.', '1000001', 'Infinity'])('“%s” is none', (typed) => {
  expect(bytesOf(typed)).toBeUndefined()
})

test.each([0, 1, 1_500_000_000, 12_345_678_901])('%d bytes are the same after they were shown and typed', (bytes) => {
  expect(bytesOf(gigabytesOf(bytes))).toBe(bytes)
})

test('no size of one’s own is shown as nothing', () => {
  expect(gigabytesOf(null)).toBe('')
})
