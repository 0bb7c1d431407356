import { Problem } from '../api/problem'
import type { components } from '../api/schema'
import { decodeRatios } from './ratios'

export type Timeline = components['schemas']['LibraryTimeline']
export type MonthPage = components['schemas']['MonthItems']
export type Columns = Omit<MonthPage, 'month' | 'revision' | 'ratios' | 'nextCursor'>

/**
 * One month as it is laid out. Never changed in place: another revision is another section. The columns hold its first
 * items only while a long month is being read.
 */
export type Section = {
  readonly month: string
  readonly revision: number
  readonly ratios: Uint8Array
  readonly columns: Columns | null
}

export type TimelineSource = {
  timeline(): Promise<Timeline>
  month(month: string, cursor: string | null, signal: AbortSignal): Promise<MonthPage>
}

export type Place = { position: number; index: number }

const LOADS_AT_ONCE = 3
const RETRY_MS = 3000
const MOST_LOADED_ITEMS = 60_000
/** Signatures are renewed this long before they run out. */
const SIGNATURE_MARGIN_S = 600
const MOST_RESTARTS = 5
const FIRST_RESTART_MS = 500

/**
 * The library's months by revision. A month's items are fetched when it comes near, and again only when its revision
 * has moved. A month that is being looked at changes as a whole, once its new items are here.
 */
export class MonthStore {
  sections: readonly Section[] = []
  revision = -1

  #onScreen: string[] = []
  #inViewer: string[] = []
  /** The months as the server listed them last. */
  #listed = new Map<string, Timeline['months'][number]>()
  #loads = new Map<string, { promise: Promise<Section | null>; abort: AbortController; wanted: boolean }>()
  #refreshing: Promise<void> | null = null
  #refreshAgain = false
  #retry: ReturnType<typeof setTimeout> | undefined

  constructor(
    private readonly source: TimelineSource,
    private readonly onChange: () => void,
  ) {}

  /** Bring the list of months up to date. Calls while one runs share the next. */
  refresh(): Promise<void> {
    if (this.#refreshing) {
      this.#refreshAgain = true
      return this.#refreshing
    }
    this.#refreshing = this.#refresh().finally(() => (this.#refreshing = null))
    return this.#refreshing
  }

  async #refresh(): Promise<void> {
    do {
      this.#refreshAgain = false
      this.#take(await this.source.timeline())
    } while (this.#refreshAgain)
  }

  #take(timeline: Timeline): void {
    const held = new Map(this.sections.map((section) => [section.month, section]))
    this.#listed = new Map(timeline.months.map((listed) => [listed.month, listed]))
    this.revision = timeline.revision
    this.sections = timeline.months.flatMap(({ month, count, revision, ratios }) => {
      const old = held.get(month)
      if (old && old.revision >= revision) return [old]
      if (old?.columns && this.#near.includes(month)) return [old]
      return count > 0 ? [{ month, revision, ratios: decodeRatios(ratios), columns: null }] : []
    })
    this.onChange()
    this.#pump()
  }

  /** Say which months are on the screen or close to it, the nearest first. */
  near(months: string[]): void {
    this.#onScreen = months
    this.#moved()
  }

  /** Say which months the viewer shows or may turn to next, wherever the screen is; none once it is closed. */
  view(months: string[]): void {
    this.#inViewer = months
    this.#moved()
  }

  get #near(): string[] {
    return [...this.#inViewer, ...this.#onScreen]
  }

  #moved(): void {
    const near = this.#near
    for (const [month, load] of this.#loads) {
      if (!load.wanted && !near.includes(month)) load.abort.abort()
    }
    this.#pump()
  }

  #pump(): void {
    for (const month of this.#near) {
      if (this.#loads.size >= LOADS_AT_ONCE) return
      const section = this.section(month)
      if (section && this.#isStale(section) && !this.#loads.has(month)) void this.#start(month, false)
    }
  }

  section(month: string): Section | undefined {
    return this.sections.find((section) => section.month === month)
  }

  #isStale(section: Section): boolean {
    return (
      !isWhole(section) ||
      section.columns!.thumbExpires < Date.now() / 1000 + SIGNATURE_MARGIN_S ||
      this.#isOlderThanListed(section)
    )
  }

  #isOlderThanListed({ month, revision }: { month: string; revision: number }): boolean {
    return revision < (this.#listed.get(month)?.revision ?? 0)
  }

  /** The month with its items; null when nothing is in it (any more). */
  async load(month: string): Promise<Section | null> {
    const section = this.section(month)
    if (section && !this.#isStale(section)) return section
    const running = this.#loads.get(month)
    if (running) running.wanted = true
    return running && !running.abort.signal.aborted ? running.promise : this.#start(month, true)
  }

  #start(month: string, wanted: boolean): Promise<Section | null> {
    const abort = new AbortController()
    const promise = this.#fetch(month, abort.signal)
    const load = { promise, abort, wanted }
    this.#loads.set(month, load)
    promise
      .catch(() => {
        // Whoever waits for this month gets the error; for the grid it is tried again.
        if (!abort.signal.aborted) this.#tryAgainLater()
      })
      .finally(() => {
        if (this.#loads.get(month) === load) this.#loads.delete(month)
        this.#pump()
      })
    return promise
  }

  #tryAgainLater(): void {
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined
      this.refresh().catch((error: unknown) => {
        if (error instanceof Problem && error.passing) this.#tryAgainLater()
      })
    }, RETRY_MS)
  }

  async #fetch(month: string, signal: AbortSignal): Promise<Section | null> {
    for (let restarts = 0; ; restarts++) {
      try {
        return this.#put(joined(await this.#pages(month, signal)))
      } catch (error) {
        const moved = error instanceof Problem && error.code === 'month_changed'
        if (!moved || restarts === MOST_RESTARTS) throw error
        await pause(FIRST_RESTART_MS * 2 ** restarts, signal)
      }
    }
  }

  /** All pages of one revision, the newest that is known. */
  async #pages(month: string, signal: AbortSignal): Promise<MonthPage[]> {
    const pages: MonthPage[] = []
    let cursor: string | null = null
    do {
      const page: MonthPage = await this.source.month(month, cursor, signal)
      // Asked for before the month changed, answered after the list told of it.
      if (this.#isOlderThanListed(page)) throw new Problem(409, 'month_changed', 'The month has changed meanwhile.')
      pages.push(page)
      cursor = page.nextCursor ?? null
      if (pages.length === 1 && cursor !== null) this.#putBeginning(joined(pages))
    } while (cursor !== null)
    return pages
  }

  /** Shows a long month's first page before the rest is here: while photos go into it that may take long. */
  #putBeginning(first: Section): void {
    const held = this.section(first.month)
    const listed = this.#listed.get(first.month)
    if (!held || isWhole(held) || !listed || listed.count <= first.ratios.length) return
    const rest = decodeRatios(listed.ratios).subarray(first.ratios.length)
    this.#put({ ...first, ratios: Uint8Array.from([...first.ratios, ...rest]) })
  }

  #put(loaded: Section): Section | null {
    const position = this.sections.findIndex((section) => section.month <= loaded.month)
    const replaces = this.sections[position]?.month === loaded.month
    const sections = [...this.sections]
    const isEmpty = loaded.ratios.length === 0
    sections.splice(position < 0 ? sections.length : position, replaces ? 1 : 0, ...(isEmpty ? [] : [loaded]))
    this.sections = this.#withoutTheFarthest(sections, loaded.month)
    this.onChange()
    return isEmpty ? null : loaded
  }

  /** Lets go of items that lie farthest from what is looked at, so that a long scroll doesn't fill the memory. */
  #withoutTheFarthest(sections: Section[], latest: string): Section[] {
    let items = sections.reduce((sum, section) => sum + (section.columns?.ids.length ?? 0), 0)
    const here = sections.findIndex((section) => section.month === (this.#near[0] ?? latest))
    const byDistance = sections
      .map((_, position) => position)
      .sort((a, b) => Math.abs(b - here) - Math.abs(a - here))
    for (const position of byDistance) {
      if (items <= MOST_LOADED_ITEMS) break
      const section = sections[position]!
      if (section.columns === null || section.month === latest || this.#near.includes(section.month)) continue
      items -= section.columns.ids.length
      sections[position] = { ...section, columns: null }
    }
    return sections
  }

  /** Where an item lies among the months loaded so far. */
  locate(id: string): Place | null {
    for (const [position, section] of this.sections.entries()) {
      const index = section.columns?.ids.indexOf(id) ?? -1
      if (index >= 0) return { position, index }
    }
    return null
  }

  /** The next (1) or the previous (-1) item in the order of the timeline; null at either end. */
  neighbour(place: Place, step: 1 | -1): Place | null {
    const index = place.index + step
    if (index >= 0 && index < (this.sections[place.position]?.ratios.length ?? 0)) return { ...place, index }
    const position = place.position + step
    const section = this.sections[position]
    return section ? { position, index: step === 1 ? 0 : section.ratios.length - 1 } : null
  }
}

/** The columns that hold an item of a month; null while it is not here. */
export function columnsAt({ columns }: Section, index: number): Columns | null {
  return columns && index < columns.ids.length ? columns : null
}

function isWhole({ columns, ratios }: Section): boolean {
  return columns?.ids.length === ratios.length
}

/** Ends early, without complaint, when `signal` aborts. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds)
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

function joined(pages: MonthPage[]): Section {
  const first = pages[0]!
  const all = <T>(column: (page: MonthPage) => T[]) => (pages.length === 1 ? column(first) : pages.flatMap(column))
  return {
    month: first.month,
    revision: first.revision,
    ratios: Uint8Array.from(pages.flatMap((page) => [...decodeRatios(page.ratios)])),
    columns: {
      ...scalarsOf(first),
      ids: all((page) => page.ids),
      kinds: all((page) => page.kinds),
      durationsMs: all((page) => page.durationsMs),
      takenAtLocal: all((page) => page.takenAtLocal),
      thumbHashes: all((page) => page.thumbHashes),
      itemKeys: all((page) => page.itemKeys),
      versions: all((page) => page.versions),
      signatures: all((page) => page.signatures),
    },
  }
}

function scalarsOf(page: MonthPage) {
  return { keyId: page.keyId, thumbExpires: page.thumbExpires, mediaBaseUrl: page.mediaBaseUrl }
}
