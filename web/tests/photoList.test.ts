import { expect, test } from 'vitest'
import { locate, neighbour } from '../src/photos/photoList'
import { monthPage, sectionOf } from './support'

const section = (key: string, ids: string[], isLoaded = true) =>
  sectionOf(key, new Uint8Array(ids.length), isLoaded ? monthPage(key, ids) : null)
const sections = [section('2026-07', ['a', 'b', 'c']), section('2026-05', ['d', 'e']), section('2024-01', ['f'], false)]

test('a list is stepped through from item to item across its sections, and no further than its ends', () => {
  const first = { position: 0, index: 0 }
  expect(neighbour(sections, first, -1)).toBeNull()
  expect(neighbour(sections, { position: 0, index: 2 }, 1)).toEqual({ position: 1, index: 0 })
  expect(neighbour(sections, { position: 1, index: 0 }, -1)).toEqual({ position: 0, index: 2 })
  expect(neighbour(sections, { position: 2, index: 0 }, 1)).toBeNull()
})

test('an item is found among the sections that are loaded', () => {
  expect(locate(sections, 'e')).toEqual({ position: 1, index: 1 })
  expect(locate(sections, 'f')).toBeNull()
})
