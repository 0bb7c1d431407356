import { shallowRef, type Ref } from 'vue'
import { Problem } from '../api/problem'
import { type FetchedList, fetchedList } from '../lists/fetchedList'
import { hasRunOut, type Items, joinedItems } from '../lists/itemPages'
import type { Columns, PhotoList, Section } from '../photos/photoList'
import { asking, queue } from '../queue'
import { monthName } from '../texts/formats'
import { texts } from '../texts/texts'
import type { Found } from './searchApi'
import { addressOf, type Wanted } from './wanted'

/** While photos come in, it is asked for no more often. */
const REST_MS = 3000
/** The one section of what comes best first. */
const BEST = 'best'

/** What was found. `first`: the first page of it as the server told it last, with what it says of the whole. */
export type SearchList = FetchedList & { first: Readonly<Ref<Found | null>> }

type Ask = (cursor: string | null) => Promise<Found>

/** What comes best first is one section; what comes by date is in months, as lists are. Pages follow as one comes near their end. */
export function searchList(wanted: Wanted, ask: Ask): SearchList {
  const sections = shallowRef<readonly Section[]>([])
  const first = shallowRef<Found | null>(null)
  let pages: readonly Found[] = []
  let why = new Map<string, string>()
  let onScreen: string[] = []
  let inViewer: string[] = []
  let isFollowing = false
  let resting: ReturnType<typeof setTimeout> | undefined
  /** What is to be done after the rest. */
  const due = new Set<() => void>()
  const inTurn = queue()

  // What filters alone ask for, which words may have become, has no scores.
  const isByDay = () => wanted.sort === 'date' || first.value?.scores.length === 0
  const cursor = () => pages.at(-1)?.nextCursor ?? null

  function show(next: readonly Found[]): void {
    pages = next
    first.value = next[0]!
    const items = joinedItems(next)
    sections.value = items.ratios.length === 0 ? [] : isByDay() ? inMonths(items) : [{ key: BEST, ...items }]
    why = new Map(next.flatMap(({ ids, why }) => ids.map((id, index) => [id, whyName(why[index] ?? [])])))
  }

  /** Fetches as much as was here before. */
  const refresh = asking(async () => {
    const next = [await ask(null)]
    while (next.length < pages.length && next.at(-1)!.nextCursor) next.push(await ask(next.at(-1)!.nextCursor!))
    show(next)
  }, inTurn)

  function more(): Promise<void> {
    return inTurn(async () => {
      const at = cursor()
      if (at !== null) show([...pages, await ask(at)])
    })
  }

  const isNearEnd = () => [...inViewer, ...onScreen].includes(sections.value.at(-1)?.key ?? '')

  /** Fetches more, as long as the end of what is here is on the screen, or close to it. */
  async function follow(): Promise<void> {
    if (isFollowing) return
    isFollowing = true
    try {
      if (pages[0] && hasRunOut(pages[0].thumbExpires)) await refresh()
      while (cursor() !== null && isNearEnd()) await more()
    } catch (error) {
      if (error instanceof Problem && error.passing) rest(followOn)
    } finally {
      isFollowing = false
    }
  }

  const followOn = () => void follow()
  const moved = () => list.libraryMoved(null)

  function rest(then: () => void): void {
    due.add(then)
    resting ??= setTimeout(() => {
      stopResting().forEach((go) => go())
    }, REST_MS)
  }

  function stopResting(): (() => void)[] {
    clearTimeout(resting)
    resting = undefined
    const all = [...due]
    due.clear()
    return all
  }

  const photos: PhotoList = {
    get sections() {
      return sections.value
    },
    query: null,
    asOf: '',
    get isByDay() {
      return isByDay()
    },
    home: addressOf(wanted),
    pathOf: (id) => addressOf(wanted, id),
    titleOf: ({ key }) => (key === BEST ? (first.value?.unsure ? texts.search.nearest : texts.search.best) : monthName(key)),
    groupOf: ({ key }) => (key === BEST ? '' : key.slice(0, 4)),
    whyOf: (id) => why.get(id) ?? '',
    near(keys) {
      onScreen = keys
      void follow()
    },
    view(keys) {
      inViewer = keys
      void follow()
    },
    load: () => Promise.resolve(),
    find: async (id) => {
      if (pages.length === 0) await refresh()
      while (cursor() !== null && !pages.some(({ ids }) => ids.includes(id))) await more()
    },
  }

  const list = fetchedList(photos, {
    fetch: refresh,
    isCurrent: () => false,
    leave() {
      stopResting()
      onScreen = []
      inViewer = []
    },
  })
  return {
    ...list,
    first,
    libraryMoved: (revision) => (revision === null ? moved() : rest(moved)),
  }
}

function whyName(why: Found['why'][number]): string {
  if (why.length === 0) return ''
  return texts.search.why[why.length > 1 ? 'both' : why[0]!]
}

/** By the months that photos were taken in, the newest first. */
function inMonths({ ratios, columns }: Items): Section[] {
  const months = new Map<string, number[]>()
  columns.takenAtLocal.forEach((taken, index) => {
    const month = months.get(taken.slice(0, 7))
    if (month) month.push(index)
    else months.set(taken.slice(0, 7), [index])
  })
  return [...months]
    .sort(([a], [b]) => b.localeCompare(a))
    .map(([key, indices]) => ({ key, ratios: Uint8Array.from(indices, (index) => ratios[index]!), columns: picked(columns, indices) }))
}

function picked(columns: Columns, indices: readonly number[]): Columns {
  const parts = Object.entries(columns).map(([name, values]) => [name, Array.isArray(values) ? indices.map((index) => values[index] as unknown) : values])
  return Object.fromEntries(parts) as Columns
}
