import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { MonthStore } from '../src/lists/monthStore'
import { LibraryFake } from './libraryFake'
import { monthPage } from './support'

let library: LibraryFake
let store: MonthStore

const idsOf = (month: string) => store.section(month)?.columns?.ids

beforeEach(async () => {
  library = new LibraryFake()
  library.set('2026-07', ['a', 'b', 'c'], 1)
  library.set('2026-05', ['d', 'e'], 1)
  store = new MonthStore(library, () => {})
  await store.refresh()
})
afterEach(() => vi.useRealTimers())

describe('the month store, of months that differ from what is listed,', () => {
  test('takes another revision for a change, whether it is greater or not', async () => {
    library.set('2026-07', ['a'], 900)
    await store.refresh()
    store.near(['2026-07'])
    await vi.waitFor(() => expect(idsOf('2026-07')).toEqual(['a']))
    library.set('2026-07', ['a', 'b'], 7)
    await store.refresh()
    await vi.waitFor(() => expect(idsOf('2026-07')).toEqual(['a', 'b']))
  })

  test('asks for the list of months again when a month is another than it says', async () => {
    vi.useFakeTimers()
    const list = vi.spyOn(library, 'months')
    library.set('2026-07', ['new', 'a', 'b', 'c'], 2)
    library.set('2026-05', ['d'], 2)
    store.near(['2026-07'])
    await vi.advanceTimersByTimeAsync(10_000)
    expect(list).toHaveBeenCalledTimes(1)
    expect(store.section('2026-05')!.ratios).toHaveLength(1)
    expect(library.asked).toEqual(['2026-07'])
  })

  test('sees that a month which differed is as it was listed after all', async () => {
    vi.useFakeTimers()
    library.set('2026-07', ['a', 'b'], 2)
    store.near(['2026-07'])
    await vi.advanceTimersByTimeAsync(0)
    expect(idsOf('2026-07')).toEqual(['a', 'b'])
    library.set('2026-07', ['a', 'b', 'c'], 1)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(idsOf('2026-07')).toEqual(['a', 'b', 'c'])
  })

  test.each([
    ['another than is listed', ['a', 'b']],
    ['empty, and listed', []],
  ])('reads a month no more than twice that stays %s', async (_what, ids) => {
    vi.useFakeTimers()
    const month = library.month.bind(library)
    library.month = async (name, ...rest) => {
      await month(name, ...rest)
      return monthPage(name, ids, { revision: 5 })
    }
    store.near(['2026-07'])
    await vi.advanceTimersByTimeAsync(600_000)
    expect(library.asked).toEqual(['2026-07', '2026-07'])
    expect(idsOf('2026-07')).toEqual(ids.length > 0 ? ids : undefined)
    library.set('2026-07', ['x'], 6)
    await store.refresh()
    await vi.advanceTimersByTimeAsync(600_000)
    expect(library.asked).toHaveLength(4)
  })
})
