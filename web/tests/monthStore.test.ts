import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Problem } from '../src/api/problem'
import { columnsAt } from '../src/photos/photoList'
import { MonthStore } from '../src/lists/monthStore'
import { LibraryFake } from './libraryFake'
import { monthPage } from './support'

let library: LibraryFake
let store: MonthStore
const changes = vi.fn<() => void>()

/** Does something before each page but the first of a month is read. */
function beforeEachLaterPage(change: () => void): void {
  const month = library.month.bind(library)
  library.month = (name, cursor, signal) => {
    if (cursor !== null) change()
    return month(name, cursor, signal)
  }
}

const months = () => store.sections.map(({ key }) => key)
const idsOf = (month: string) => store.section(month)?.columns?.ids
const settled = () => vi.waitFor(() => expect(store.sections.some((s) => s.columns)).toBe(true))

beforeEach(async () => {
  changes.mockReset()
  library = new LibraryFake()
  library.set('2026-07', ['a', 'b', 'c'], 1)
  library.set('2026-05', ['d', 'e'], 1)
  library.set('2024-01', ['f'], 1)
  store = new MonthStore(library, changes)
  await store.refresh()
})
afterEach(() => vi.useRealTimers())

describe('the month store', () => {
  test('knows every month and its shape before any item is loaded', () => {
    expect(months()).toEqual(['2026-07', '2026-05', '2024-01'])
    expect(store.sections.map(({ ratios }) => ratios.length)).toEqual([3, 2, 1])
    expect(library.asked).toEqual([])
  })

  test('fetches the months that are near, the nearest first, and no other', async () => {
    store.near(['2026-05', '2026-07'])
    await vi.waitFor(() => expect(idsOf('2026-07')).toEqual(['a', 'b', 'c']))
    expect(library.asked).toEqual(['2026-05', '2026-07'])
    expect(idsOf('2024-01')).toBeUndefined()
  })

  test('fetches a month again only when its revision has moved', async () => {
    store.near(['2026-07', '2026-05'])
    await vi.waitFor(() => expect(idsOf('2026-05')).toBeDefined())
    library.set('2026-05', ['d', 'e', 'g'], 2)
    await store.refresh()
    await vi.waitFor(() => expect(idsOf('2026-05')).toEqual(['d', 'e', 'g']))
    expect(library.asked).toEqual(['2026-07', '2026-05', '2026-05'])
  })

  test('goes on showing what a near month held until its new items are here', async () => {
    store.near(['2026-07'])
    await settled()
    library.set('2026-07', ['new', 'a', 'b', 'c'], 2)
    const seen: (string[] | undefined)[] = []
    changes.mockImplementation(() => {
      seen.push(idsOf('2026-07'))
      expect(store.section('2026-07')!.ratios.length).toBe(idsOf('2026-07')?.length)
    })
    await store.refresh()
    await vi.waitFor(() => expect(idsOf('2026-07')).toEqual(['new', 'a', 'b', 'c']))
    expect(seen).toEqual([
      ['a', 'b', 'c'],
      ['new', 'a', 'b', 'c'],
    ])
  })

  test('keeps what it has of a far month that has not moved', async () => {
    await store.load('2024-01')
    library.set('2026-05', ['d'], 2)
    await store.refresh()
    expect(idsOf('2024-01')).toEqual(['f'])
  })

  test('takes the new shape of a far month at once and drops its old items', async () => {
    await store.load('2024-01')
    library.set('2024-01', ['f', 'g'], 2)
    await store.refresh()
    expect(store.section('2024-01')!.ratios).toHaveLength(2)
    expect(idsOf('2024-01')).toBeUndefined()
  })

  test('believes a month that is newer than the list of months it has', async () => {
    library.set('2026-07', ['new', 'a', 'b', 'c'], 2)
    await store.load('2026-07')
    expect(store.section('2026-07')).toMatchObject({ revision: 2 })
    expect(store.section('2026-07')!.ratios).toHaveLength(4)
  })

  test('puts a month that the list did not have where it belongs', async () => {
    library.set('2025-02', ['x'], 1)
    await store.load('2025-02')
    expect(months()).toEqual(['2026-07', '2026-05', '2025-02', '2024-01'])
  })

  test('lets a month go that has become empty', async () => {
    library.held.delete('2026-05')
    expect(await store.load('2026-05')).toBeNull()
    expect(months()).toEqual(['2026-07', '2024-01'])
    library.held.delete('2024-01')
    await store.refresh()
    expect(months()).toEqual(['2026-07'])
  })

  test('joins the pages of a long month', async () => {
    library.pageSize = 2
    await store.load('2026-07')
    expect(idsOf('2026-07')).toEqual(['a', 'b', 'c'])
    expect(store.section('2026-07')!.ratios).toHaveLength(3)
  })

  test('joins pages between which the month changed: each item once, of the revision of the first', async () => {
    library.pageSize = 2
    // What was first is taken for older now: the second page has it again.
    beforeEachLaterPage(() => library.set('2026-07', ['b', 'a', 'c'], 2))
    library.set('2026-07', ['a', 'b', 'c'], 1)
    await store.load('2026-07')
    expect(idsOf('2026-07')).toEqual(['a', 'b', 'c'])
    expect(store.section('2026-07')).toMatchObject({ revision: 1, ratios: { length: 3 } })
  })

  test('reads a month again whose pages differ, once the list tells of the other revision', async () => {
    vi.useFakeTimers()
    library.pageSize = 2
    store.near(['2026-07'])
    let changes = 0
    beforeEachLaterPage(() => changes++ === 0 && library.set('2026-07', ['new', 'a', 'b', 'c'], 2))
    await vi.advanceTimersByTimeAsync(1000)
    expect(idsOf('2026-07')).toEqual(['a', 'b', 'c'])
    await vi.advanceTimersByTimeAsync(10_000)
    expect(idsOf('2026-07')).toEqual(['new', 'a', 'b', 'c'])
    expect(store.section('2026-07')!.revision).toBe(2)
  })

  test('asks for nothing once nobody looks at it', async () => {
    vi.useFakeTimers()
    library.failures = 1
    store.near(['2026-07'])
    await vi.advanceTimersByTimeAsync(1000)
    store.leave()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(library.asked).toHaveLength(1)
  })

  test('has all of a long month that changes at every page, and reads it no more than half of the time', async () => {
    vi.useFakeTimers()
    library.pageSize = 1
    const month = library.month.bind(library)
    let reading = 0
    library.month = async (name, cursor, signal) => {
      const { ids, revision } = library.held.get(name)!
      library.set(name, [`new${revision}`, ...ids].slice(0, 5), revision + 1)
      await new Promise((resolve) => setTimeout(resolve, 100))
      reading += 100
      return month(name, cursor, signal)
    }
    const told = setInterval(() => void store.refresh(), 50)
    store.near(['2026-07'])
    await vi.advanceTimersByTimeAsync(600)
    expect(idsOf('2026-07')?.length).toBeGreaterThan(0)
    await vi.advanceTimersByTimeAsync(9400)
    clearInterval(told)
    expect(reading).toBeGreaterThan(3000)
    expect(reading).toBeLessThan(6000)
  })

  test('begins again when the key changed that pages are signed with: one signs all of a month', async () => {
    library.pageSize = 2
    beforeEachLaterPage(() => (library.signing = { keyId: 'k2' }))
    await store.load('2026-07')
    expect(store.section('2026-07')!.columns!.keyId).toBe('k2')
    expect(library.asked).toHaveLength(4)
  })

  test('keeps the flags of every item', async () => {
    library.pageSize = 2
    library.signing = { flags: [1, 10] }
    await store.load('2026-05')
    expect(store.section('2026-05')!.columns!.flags).toEqual([1, 10])
  })

  test('shows the first items of a long month while the rest can’t be read, and goes on with it', async () => {
    vi.useFakeTimers()
    library.pageSize = 2
    let failures = 2
    beforeEachLaterPage(() => {
      if (failures-- > 0) throw new Problem(503, 'unavailable', 'Later.')
    })
    store.near(['2026-07'])
    await vi.advanceTimersByTimeAsync(0)
    const begun = store.section('2026-07')!
    expect(idsOf('2026-07')).toEqual(['a', 'b'])
    expect(begun.ratios).toHaveLength(3)
    expect([1, 2].map((index) => columnsAt(begun, index) !== null)).toEqual([true, false])
    await vi.advanceTimersByTimeAsync(10_000)
    expect(idsOf('2026-07')).toEqual(['a', 'b', 'c'])
  })

  test('knows where each item was taken, of which each page tells names of its own', async () => {
    const pages = [
      monthPage('2026-07', ['a', 'b'], { places: ['Naples, Italy'], placeNumbers: [1, 0], nextCursor: 'c' }),
      monthPage('2026-07', ['b', 'c', 'd'], { places: ['Bern, Switzerland', 'Naples, Italy'], placeNumbers: [1, 2, 1] }),
    ]
    library.month = async () => pages.shift()!
    const { columns } = (await store.load('2026-07'))!
    expect(columns!.placeNames).toEqual(['Naples, Italy', '', 'Naples, Italy', 'Bern, Switzerland'])
  })

  test('shows a month that was kept from before places were told', async () => {
    const before: Partial<ReturnType<typeof monthPage>> = monthPage('2026-07', ['a'])
    delete before.places
    delete before.placeNumbers
    library.month = async () => before as ReturnType<typeof monthPage>
    expect((await store.load('2026-07'))!.columns!.placeNames).toEqual([''])
  })

  test('goes on showing the whole of a long month while its new items are read', async () => {
    library.pageSize = 2
    await store.load('2026-07')
    store.near(['2026-07'])
    library.set('2026-07', ['z', 'a', 'b', 'c'], 2)
    const seen: number[] = []
    changes.mockImplementation(() => seen.push(idsOf('2026-07')!.length))
    await store.refresh()
    await vi.waitFor(() => expect(idsOf('2026-07')).toContain('z'))
    expect(seen).toEqual([3, 4])
  })

  test('does not take an answer that is older than the list of months', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout'] })
    const month = library.month.bind(library)
    let answer = () => {}
    const late = new Promise<void>((resolve) => (answer = resolve))
    library.month = async (...args) => {
      const page = await month(...args)
      if (page.revision === 1) await late
      return page
    }
    store.near(['2026-07'])
    await vi.advanceTimersByTimeAsync(0)
    library.set('2026-07', ['new', 'a', 'b', 'c'], 2)
    await store.refresh()
    const seen: number[] = []
    changes.mockImplementation(() => seen.push(store.section('2026-07')!.ratios.length))
    answer()
    await vi.advanceTimersByTimeAsync(1000)
    expect(idsOf('2026-07')).toEqual(['new', 'a', 'b', 'c'])
    expect(seen).not.toContain(3)
  })

  test('keeps what the viewer shows, wherever the screen is, until its new items are here', async () => {
    await store.load('2024-01')
    store.near(['2026-07'])
    store.view(['2024-01'])
    library.set('2024-01', ['f', 'g'], 2)
    const seen: (string[] | undefined)[] = []
    changes.mockImplementation(() => seen.push(idsOf('2024-01')))
    await store.refresh()
    await vi.waitFor(() => expect(idsOf('2024-01')).toEqual(['f', 'g']))
    expect(seen).not.toContain(undefined)
  })

  test('renews a month whose signatures are about to run out', async () => {
    await store.load('2026-07')
    vi.useFakeTimers({ now: Date.now() + 7 * 86_400_000, toFake: ['Date'] })
    await store.load('2026-07')
    expect(library.asked).toEqual(['2026-07', '2026-07'])
  })

  test('shows a month that was kept for so long that its signatures have run out, and does not ask for it all the time', async () => {
    vi.useFakeTimers()
    library.signing = { thumbExpires: 1 }
    store.near(['2026-07'])
    await vi.advanceTimersByTimeAsync(10_000)
    expect(idsOf('2026-07')).toEqual(['a', 'b', 'c'])
    expect(library.asked.length).toBeLessThan(6)
  })

  test('tries a near month again after a failure, and not at once', async () => {
    vi.useFakeTimers()
    library.failures = 2
    store.near(['2026-07'])
    await vi.advanceTimersByTimeAsync(1000)
    expect(library.asked).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(idsOf('2026-07')).toEqual(['a', 'b', 'c'])
    expect(library.asked).toHaveLength(3)
  })

  test('tells whoever waits for a month why it could not be had', async () => {
    library.failures = 1
    await expect(store.load('2026-07')).rejects.toThrow('Later.')
  })

  test('does not go on fetching a month that has been scrolled past', async () => {
    store.near(['2026-07'])
    store.near(['2024-01'])
    await vi.waitFor(() => expect(idsOf('2024-01')).toBeDefined())
    expect(idsOf('2026-07')).toBeUndefined()
  })

  test('tries again to bring the list of months up to date', async () => {
    vi.useFakeTimers()
    library.set('2026-08', ['new'], 1)
    vi.spyOn(library, 'months').mockRejectedValueOnce(new Problem(503, 'unavailable', 'Later.'))
    await expect(store.refresh()).rejects.toThrow('Later.')
    await vi.advanceTimersByTimeAsync(10_000)
    expect(months()).toContain('2026-08')
  })

  test('shares one request between refreshes that come while it runs, and asks once more after it', async () => {
    const timeline = vi.spyOn(library, 'months')
    await Promise.all([store.refresh(), store.refresh(), store.refresh()])
    expect(timeline).toHaveBeenCalledTimes(2)
  })
})
