import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Problem } from '../src/api/problem'
import type { Found } from '../src/search/searchApi'
import { searchList } from '../src/search/searchList'
import { NOTHING, type Wanted } from '../src/search/wanted'
import { monthPage } from './support'

const dog: Wanted = { ...NOTHING, q: 'dog' }
const photosOnly: Wanted = { ...NOTHING, conditions: [{ filter: 'kind', value: 'photo', isNot: false }] }

function page(ids: string[], more: Partial<Found> = {}): Found {
  return { ...monthPage('2024-07', ids), scores: ids.map(() => 0.5), why: ids.map(() => ['text']), understood: [], warming: false, unsure: false, unseen: 0, textOnly: false, nextCursor: null, ...more }
}

const ask = vi.fn<(cursor: string | null) => Promise<Found>>()
beforeEach(() => {
  vi.useFakeTimers()
  ask.mockReset()
})
afterEach(() => vi.useRealTimers())

const shownOf = (list: ReturnType<typeof searchList>) => list.photos.sections.map(({ key, columns }) => [key, columns!.ids])
/** Until nothing is on its way. */
const settled = () => vi.advanceTimersByTimeAsync(0)

describe('what was found', () => {
  test('comes best first in one section, as it was told', async () => {
    ask.mockResolvedValue(page(['b', 'a'], { takenAtLocal: ['2020-01-01T00:00:00', '2024-07-01T00:00:00'] }))
    const list = searchList(dog, ask)
    await list.open()
    expect(shownOf(list)).toEqual([['best', ['b', 'a']]])
    expect(list.photos.isByDay).toBe(false)
  })

  test('comes by month where it is by date', async () => {
    const takenAtLocal = ['2024-07-02T00:00:00', '2024-07-01T00:00:00', '2020-01-01T00:00:00']
    ask.mockResolvedValue(page(['a', 'b', 'c'], { takenAtLocal }))
    const list = searchList({ ...dog, sort: 'date' }, ask)
    await list.open()
    expect(shownOf(list)).toEqual([
      ['2024-07', ['a', 'b']],
      ['2020-01', ['c']],
    ])
  })

  test('comes by month where the server understood all words as filters, and gives no scores', async () => {
    ask.mockResolvedValue(page(['a'], { scores: [], why: [] }))
    const list = searchList({ ...NOTHING, q: 'july 2024' }, ask)
    await list.open()
    expect(shownOf(list)).toEqual([['2024-07', ['a']]])
    expect([list.photos.isByDay, list.photos.whyOf!('a')]).toEqual([true, ''])
  })

  test('tells why each was found', async () => {
    ask.mockResolvedValue(page(['a', 'b'], { why: [['text', 'picture'], []] }))
    const list = searchList(dog, ask)
    await list.open()
    expect(['a', 'b', 'c'].map((id) => list.photos.whyOf!(id))).toEqual(['Found by its words and how it looks', '', ''])
  })

  test('is nothing where nothing was', async () => {
    ask.mockResolvedValue(page([]))
    const list = searchList(dog, ask)
    await list.open()
    expect([list.state.value, shownOf(list)]).toEqual(['ready', []])
  })

  test('tells why it could not be had, and comes when it is asked for again', async () => {
    ask.mockRejectedValueOnce(new Problem(500, 'internal_error', 'No.')).mockResolvedValue(page(['a']))
    const list = searchList(dog, ask)
    await list.open()
    expect([list.state.value, list.error.value]).toEqual(['failed', 'No.'])
    await list.open()
    expect(shownOf(list)).toEqual([['best', ['a']]])
  })
})

describe('pages of what was found', () => {
  beforeEach(() => {
    ask.mockImplementation(async (cursor) => (cursor === null ? page(['a', 'b'], { scores: [], nextCursor: 'b' }) : page(['c'], { scores: [] })))
  })

  test('follow once their end comes near', async () => {
    const list = searchList(photosOnly, ask)
    await list.open()
    list.photos.near([])
    await settled()
    expect(shownOf(list)).toEqual([['2024-07', ['a', 'b']]])
    list.photos.near(['2024-07'])
    await settled()
    expect(shownOf(list)).toEqual([['2024-07', ['a', 'b', 'c']]])
    expect(ask).toHaveBeenCalledTimes(2)
  })

  test('are all asked for again when the library has moved', async () => {
    const list = searchList(photosOnly, ask)
    await list.open()
    list.photos.view(['2024-07'])
    await settled()
    ask.mockImplementation(async (cursor) => (cursor === null ? page(['b', 'c'], { scores: [], nextCursor: 'c' }) : page(['d'], { scores: [] })))
    list.libraryMoved(null)
    await settled()
    expect(shownOf(list)).toEqual([['2024-07', ['b', 'c', 'd']]])
  })

  test('are asked for until a photo is there that is sought', async () => {
    const list = searchList(photosOnly, ask)
    await list.photos.find('c')
    expect(shownOf(list)).toEqual([['2024-07', ['a', 'b', 'c']]])
  })

  test('are tried again after what is likely to pass', async () => {
    const list = searchList(photosOnly, ask)
    await list.open()
    ask.mockRejectedValueOnce(new Problem(503, 'unavailable', 'Later.'))
    list.photos.near(['2024-07'])
    await settled()
    expect(shownOf(list)).toEqual([['2024-07', ['a', 'b']]])
    await vi.runOnlyPendingTimersAsync()
    expect(shownOf(list)).toEqual([['2024-07', ['a', 'b', 'c']]])
  })
})

test('while photos come in, what was found is asked for again once in a while, and at once after an own change', async () => {
  ask.mockResolvedValue(page(['a']))
  const list = searchList(dog, ask)
  await list.open()
  for (const revision of [5, 6, 7]) list.libraryMoved(revision)
  await settled()
  expect(ask).toHaveBeenCalledTimes(1)
  list.libraryMoved(null)
  await settled()
  expect(ask).toHaveBeenCalledTimes(2)
  await vi.runOnlyPendingTimersAsync()
  expect(ask).toHaveBeenCalledTimes(3)
})

test('what has come in is looked for though a page of what was found is to be tried again too', async () => {
  ask.mockResolvedValueOnce(page(['a'], { nextCursor: 'a' })).mockRejectedValueOnce(new Problem(503, 'unavailable', 'Later.'))
  const list = searchList(dog, ask)
  await list.open()
  list.photos.near(['best'])
  await settled()
  list.libraryMoved(2)
  ask.mockImplementation(async (cursor) => (cursor === null ? page(['new', 'a'], { nextCursor: 'a' }) : page(['b'])))
  await vi.runOnlyPendingTimersAsync()
  expect(shownOf(list)).toEqual([['best', ['new', 'a', 'b']]])
})
