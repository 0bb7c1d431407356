import { Problem } from '../src/api/problem'
import type { MonthPage, MonthSource } from '../src/lists/monthStore'
import { monthPage, timelineOf } from './support'

/** A library on a server: months that may change between two requests. */
export class LibraryFake implements MonthSource {
  held = new Map<string, MonthPage>()
  asked: string[] = []
  failures = 0
  pageSize = 100
  signing: Partial<MonthPage> = {}

  set(month: string, ids: string[], revision: number): void {
    this.held.set(month, monthPage(month, ids, { revision }))
  }

  async months() {
    const pages = [...this.held.values()].filter((page) => page.ids.length > 0)
    return timelineOf(pages.sort((a, b) => b.month.localeCompare(a.month)))
  }

  async month(month: string, cursor: string | null, signal: AbortSignal) {
    this.asked.push(month)
    await Promise.resolve()
    signal.throwIfAborted()
    if (this.failures-- > 0) throw new Problem(503, 'unavailable', 'Later.')
    const page = this.held.get(month) ?? monthPage(month, [], { revision: 99 })
    const from = cursor === null ? 0 : page.ids.indexOf(cursor) + 1
    const to = from + this.pageSize
    return monthPage(month, page.ids.slice(from, to), {
      ...this.signing,
      revision: page.revision,
      nextCursor: to < page.ids.length ? page.ids[to - 1]! : null,
    })
  }
}
