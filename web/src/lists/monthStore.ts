import { Problem } from '../api/problem'
import type { components } from '../api/schema'
import { bytesOf } from '../photos/base64'
import type { Section } from '../photos/photoList'
import { hasRunOut, joinedItems } from './itemPages'

export type Timeline = components['schemas']['LibraryTimeline']
export type MonthPage = components['schemas']['MonthItems']

/** A month; the key is its name, as `2024-07`. */
export type MonthSection = Section & { readonly revision: number }

/** Where a list comes from: its months in short, and the items of one. */
export type MonthSource = {
  months(): Promise<Timeline>
  month(month: string, cursor: string | null, signal: AbortSignal): Promise<MonthPage>
}

const LOADS_AT_ONCE = 3
const RETRY_MS = 3000
const MOST_LOADED_ITEMS = 60_000

/**
 * The months of a list by revision. A month's items are fetched when it comes near, and again only when its revision
 * is another. A month that is being looked at changes as a whole, once its new items are here.
 *
 * Revisions tell what differs, not what is newer. So where a month is another than is listed, the list of months is
 * asked for again; and the month too if they still differ then, but once: should they never agree, there is an end to it.
 *
 * Each page of a long month is one snapshot, of a revision of its own. What they make together is kept as of the first.
 */
export class MonthStore {
  sections: readonly MonthSection[] = []
  /** Of the list as a whole; -1: it was not fetched yet. */
  revision = -1
  /** When the list was as it is here, by the server's clock. */
  asOf = ''

  #onScreen: string[] = []
  #inViewer: string[] = []
  /** The months as the server listed them last. */
  #listed = new Map<string, Timeline['months'][number]>()
  /** How often the list of months was taken. */
  #takes = 0
  /** Of months that differ from what is listed: what was listed as they were read, how often, and at which take last. */
  #differing = new Map<string, { listed: number | null; reads: number; take: number }>()
  /** When a month may be read again: it rests as long as reading it took, for it may go on changing. */
  #rest = new Map<string, number>()
  #loads = new Map<string, { promise: Promise<MonthSection | null>; abort: AbortController; wanted: boolean }>()
  #refreshing: Promise<void> | null = null
  #refreshAgain = false
  #retry: ReturnType<typeof setTimeout> | undefined
  #pumping: ReturnType<typeof setTimeout> | undefined

  constructor(
    private readonly source: MonthSource,
    private readonly onChange: () => void,
  ) {}

  /** Bring the list of months up to date. Calls while one runs share the next; what fails in passing is tried again. */
  refresh(): Promise<void> {
    if (this.#refreshing) {
      this.#refreshAgain = true
      return this.#refreshing
    }
    this.#refreshing = this.#refresh()
      .catch((error: unknown) => {
        // Before the first list there is nothing that would grow old.
        if (this.revision >= 0 && error instanceof Problem && error.passing) this.#refreshLater()
        throw error
      })
      .finally(() => (this.#refreshing = null))
    return this.#refreshing
  }

  async #refresh(): Promise<void> {
    do {
      this.#refreshAgain = false
      this.#take(await this.source.months())
    } while (this.#refreshAgain)
  }

  #take(timeline: Timeline): void {
    this.#takes += 1
    const held = new Map(this.sections.map((section) => [section.key, section]))
    this.#listed = new Map(timeline.months.map((listed) => [listed.month, listed]))
    this.revision = timeline.revision
    this.asOf = timeline.asOf
    this.sections = timeline.months.flatMap(({ month, count, revision, ratios }) => {
      const old = held.get(month)
      if (old && !this.#isOtherThanListed(month, old.revision)) return [old]
      if (old?.columns && this.#near.includes(month)) return [old]
      const wasEmpty = !old && this.#differing.has(month)
      if (wasEmpty && !this.#isOtherThanListed(month, null)) return []
      return count > 0 ? [{ key: month, revision, ratios: bytesOf(ratios), columns: null }] : []
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

  /** Nobody looks at it any more. */
  leave(): void {
    this.#onScreen = []
    this.#inViewer = []
    this.#moved()
    clearTimeout(this.#retry)
    this.#retry = undefined
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
      if (!section || !this.#isStale(section) || this.#loads.has(month)) continue
      const rest = (this.#rest.get(month) ?? 0) - Date.now()
      if (rest > 0) this.#pumpIn(rest)
      else void this.#start(month, false)
    }
  }

  #pumpIn(milliseconds: number): void {
    clearTimeout(this.#pumping)
    this.#pumping = setTimeout(() => this.#pump(), milliseconds)
  }

  section(month: string): MonthSection | undefined {
    return this.sections.find((section) => section.key === month)
  }

  #isStale(section: MonthSection): boolean {
    return (
      !isWhole(section) ||
      hasRunOut(section.columns!.thumbExpires) ||
      this.#isOtherThanListed(section.key, section.revision)
    )
  }

  /** Whether the list of months says otherwise, and reading the month again may settle that. */
  #isOtherThanListed(month: string, revision: number | null): boolean {
    const listed = this.#listedRevision(month)
    if (listed === null || listed === revision) return false
    const before = this.#differing.get(month)
    return before?.listed !== listed || (before.reads < 2 && before.take < this.#takes)
  }

  #listedRevision(month: string): number | null {
    return this.#listed.get(month)?.revision ?? null
  }

  /** The month with its items; null when nothing is in it (any more). */
  async load(month: string): Promise<MonthSection | null> {
    const section = this.section(month)
    if (section && !this.#isStale(section)) return section
    const running = this.#loads.get(month)
    if (running) running.wanted = true
    return running && !running.abort.signal.aborted ? running.promise : this.#start(month, true)
  }

  #start(month: string, wanted: boolean): Promise<MonthSection | null> {
    const abort = new AbortController()
    const promise = this.#fetch(month, abort.signal)
    const load = { promise, abort, wanted }
    this.#loads.set(month, load)
    promise
      .catch(() => {
        // Whoever waits for this month gets the error; for the grid it is tried again.
        if (abort.signal.aborted) return
        this.#rest.set(month, Date.now() + RETRY_MS)
        this.#refreshLater()
      })
      .finally(() => {
        if (this.#loads.get(month) === load) this.#loads.delete(month)
        this.#pump()
      })
    return promise
  }

  #refreshLater(): void {
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined
      this.refresh().catch(() => {}) // Goes on trying by itself.
    }, RETRY_MS)
  }

  async #fetch(month: string, signal: AbortSignal): Promise<MonthSection | null> {
    const begun = Date.now()
    let listed = this.#listedRevision(month)
    let pages = await this.#pages(month, signal)
    const now = this.#listedRevision(month)
    // Once more: one page is quickly had that is as the list says by now, and a new key signs all that is asked for now.
    const isLate = pages.length === 1 && now !== null && now !== listed && now !== pages[0]!.revision
    if (isLate || !areSignedAlike(pages)) {
      listed = now
      pages = await this.#pages(month, signal)
    }
    // One whose signatures have run out as it comes was kept: there is no better while the server is away.
    const isOld = hasRunOut(pages[0]!.thumbExpires)
    this.#rest.set(month, Date.now() + (isOld ? RETRY_MS : Date.now() - begun))
    this.#compare(month, listed, pages)
    return this.#put(joined(pages))
  }

  async #pages(month: string, signal: AbortSignal): Promise<MonthPage[]> {
    const pages: MonthPage[] = []
    let cursor: string | null = null
    do {
      const page: MonthPage = await this.source.month(month, cursor, signal)
      pages.push(page)
      cursor = page.nextCursor ?? null
      if (pages.length === 1 && cursor !== null) this.#putBeginning(joined(pages))
    } while (cursor !== null)
    return pages
  }

  /** What was listed as the reading began, beside what was read. */
  #compare(month: string, listed: number | null, pages: MonthPage[]): void {
    const now = this.#listedRevision(month)
    const isAsListed = now === null ? pages[0]!.ids.length === 0 : pages.every(({ revision }) => revision === now)
    if (isAsListed) {
      this.#differing.delete(month)
      return
    }
    const before = this.#differing.get(month)
    this.#differing.set(month, { listed, reads: before?.listed === listed ? before.reads + 1 : 1, take: this.#takes })
    this.#refreshLater()
  }

  /** Shows a long month's first page before the rest is here: that may take long. */
  #putBeginning(first: MonthSection): void {
    const held = this.section(first.key)
    const listed = this.#listed.get(first.key)
    if (!held || isWhole(held) || !listed || listed.count <= first.ratios.length) return
    const rest = bytesOf(listed.ratios).subarray(first.ratios.length)
    this.#put({ ...first, ratios: Uint8Array.from([...first.ratios, ...rest]) })
  }

  #put(loaded: MonthSection): MonthSection | null {
    const position = this.sections.findIndex((section) => section.key <= loaded.key)
    const replaces = this.sections[position]?.key === loaded.key
    const sections = [...this.sections]
    const isEmpty = loaded.ratios.length === 0
    sections.splice(position < 0 ? sections.length : position, replaces ? 1 : 0, ...(isEmpty ? [] : [loaded]))
    this.sections = this.#withoutTheFarthest(sections, loaded.key)
    this.onChange()
    return isEmpty ? null : loaded
  }

  /** Lets go of items that lie farthest from what is looked at, so that a long scroll doesn't fill the memory. */
  #withoutTheFarthest(sections: MonthSection[], latest: string): MonthSection[] {
    let items = sections.reduce((sum, section) => sum + (section.columns?.ids.length ?? 0), 0)
    const here = sections.findIndex((section) => section.key === (this.#near[0] ?? latest))
    const byDistance = sections
      .map((_, position) => position)
      .sort((a, b) => Math.abs(b - here) - Math.abs(a - here))
    for (const position of byDistance) {
      if (items <= MOST_LOADED_ITEMS) break
      const section = sections[position]!
      if (section.columns === null || section.key === latest || this.#near.includes(section.key)) continue
      items -= section.columns.ids.length
      sections[position] = { ...section, columns: null }
    }
    return sections
  }
}

function isWhole({ columns, ratios }: Section): boolean {
  return columns?.ids.length === ratios.length
}

function areSignedAlike([first, ...others]: MonthPage[]): boolean {
  return others.every(({ keyId, thumbExpires }) => keyId === first!.keyId && thumbExpires === first!.thumbExpires)
}

/** All pages as one month: each item once, of the revision of the first. */
function joined(pages: MonthPage[]): MonthSection {
  const { month, revision } = pages[0]!
  return { key: month, revision, ...joinedItems(pages) }
}
