import type { PhotoList, Place, Section } from '../photos/photoList'

/** How many items one call may name. */
export const MOST_IDS = 10_000

/** Items as `PATCH /items` takes them: the union of `ids`, and of what `list` held at `asOf`. */
export type Target = {
  ids?: string[]
  list?: NonNullable<PhotoList['query']> & { months?: string[]; except?: string[] }
  asOf?: string
}

/** What is chosen of a section. */
type Part = {
  section: Section
  /** A byte per item; null: all that it held as it was chosen, when not all of them were here. */
  marks: Uint8Array | null
  /** The section as it was chosen, and when that was by the server's clock. */
  chosen: { ratios: Uint8Array; asOf: string } | null
  /** Ids by index, as far as they were ever here: they outlast the section's letting go of its items. */
  ids: readonly string[]
  /** Chosen ids that are still to be looked for: the section has changed, and its items are not here. */
  sought: readonly string[]
  count: number
}

/**
 * Which items of a list are chosen, by marks on its sections, so that a span over a thousand months that nobody has
 * fetched costs no more than one over three photos. Never changed in place: each step gives another one, which shares all
 * that stays the same.
 */
export class Selection {
  readonly count: number
  readonly #parts: ReadonlyMap<string, Part>

  constructor(
    readonly sections: readonly Section[],
    parts: ReadonlyMap<string, Part> = new Map(),
  ) {
    this.#parts = parts
    let count = 0
    for (const part of parts.values()) count += part.count
    this.count = count
  }

  has({ position, index }: Place): boolean {
    const part = this.#partAt(position)
    return part !== undefined && (part.marks === null || part.marks[index] === 1)
  }

  #partAt(position: number): Part | undefined {
    return this.#parts.get(this.sections[position]!.key)
  }

  /** How much is chosen of a section, or of its items from an index up to another. */
  shareOf(position: number, from = 0, to = this.sections[position]!.ratios.length): 'all' | 'some' | 'none' {
    const part = this.#partAt(position)
    if (!part) return 'none'
    if (part.marks === null) return 'all'
    const marks = part.marks.subarray(from, to)
    if (!marks.includes(1)) return part.sought.length > 0 ? 'some' : 'none'
    return marks.includes(0) ? 'some' : 'all'
  }

  /** With everything between two places chosen, or not, both of them too. `asOf`: when the list was as it is here. */
  with(one: Place, other: Place, isChosen: boolean, asOf: string): Selection {
    const isForward = one.position < other.position || (one.position === other.position && one.index <= other.index)
    const [first, last] = isForward ? [one, other] : [other, one]
    const parts = new Map(this.#parts)
    for (let position = first.position; position <= last.position; position++) {
      const section = this.sections[position]!
      const from = position === first.position ? first.index : 0
      const to = position === last.position ? last.index + 1 : section.ratios.length
      const part = marked(section, parts.get(section.key), from, to, isChosen, asOf)
      if (part) parts.set(section.key, part)
      else parts.delete(section.key)
    }
    return new Selection(this.sections, parts)
  }

  all(asOf: string): Selection {
    const last = this.sections.length - 1
    if (last < 0) return this
    return this.with({ position: 0, index: 0 }, { position: last, index: this.sections[last]!.ratios.length - 1 }, true, asOf)
  }

  /** The same items in the list as it is now: what has gone from it leaves, what has come is not chosen. */
  follow(sections: readonly Section[]): Selection {
    if (sections === this.sections) return this
    const parts = new Map<string, Part>()
    if (this.#parts.size > 0) {
      for (const section of sections) {
        const part = this.#parts.get(section.key)
        const next = part && followed(part, section)
        if (next && next.count > 0) parts.set(section.key, next)
      }
    }
    return new Selection(sections, parts)
  }

  /** The sections whose items must be here before it can be told which are chosen. */
  get unresolved(): string[] {
    return [...this.#parts.values()].filter((part) => !isResolved(part)).map(({ section }) => section.key)
  }

  /** The sections whose items must be here before all that is chosen of them can be named. */
  get unnamed(): string[] {
    return [...this.#parts.values()].filter((part) => !isNamed(part)).map(({ section }) => section.key)
  }

  /** The place of the first that is chosen, or of the last; null where nothing is. */
  end(which: 'first' | 'last'): Place | null {
    const positions = Array.from(this.sections.keys())
    if (which === 'last') positions.reverse()
    for (const position of positions) {
      const part = this.#partAt(position)
      if (!part) continue
      const marks = part.marks
      if (marks === null) return { position, index: which === 'first' ? 0 : part.section.ratios.length - 1 }
      const index = which === 'first' ? marks.indexOf(1) : marks.lastIndexOf(1)
      if (index >= 0) return { position, index }
    }
    return null
  }

  /** Whether something holds of everything that is chosen. */
  every(holds: (section: Section, index: number) => boolean): boolean {
    for (const section of this.sections) {
      const part = this.#parts.get(section.key)
      if (!part) continue
      if (part.sought.length > 0) return false
      for (let index = 0; index < section.ratios.length; index++) {
        if ((part.marks === null || part.marks[index] === 1) && !holds(section, index)) return false
      }
    }
    return true
  }

  /** The ids of what is chosen; null where there are more than `most`, or some are not known. */
  ids(most: number): string[] | null {
    if (this.count > most) return null
    const parts = [...this.#parts.values()]
    return parts.every(isNamed) ? parts.flatMap(idsOf) : null
  }

  /**
   * What to send for all of it, in one call wherever that is possible. Nothing may be unresolved. `asOf`: when the list
   * was as it is here; months that were chosen unseen are sent as of then.
   */
  targets(query: PhotoList['query'], asOf: string): Target[] {
    const { ids, lists } = this.#divided(asOf, query !== null)
    const targets: Target[] = []
    for (let from = 0; from < ids.length; from += MOST_IDS) targets.push({ ids: ids.slice(from, from + MOST_IDS) })
    let place = 0
    for (const [chosenAt, months] of lists) {
      const except = months.flatMap(exceptionsOf)
      const list = {
        ...query!,
        ...(months.length < this.sections.length && { months: months.map(({ section }) => section.key) }),
        ...(except.length > 0 && { except }),
      }
      targets[place] = { ...targets[place], list, asOf: chosenAt }
      place += 1
    }
    return targets
  }

  /** What is sent by its ids, and what by months of a list that the server knows, with exceptions that one call can name too. */
  #divided(asOf: string, isKnown: boolean): { ids: string[]; lists: Map<string, Part[]> } {
    const parts = [...this.#parts.values()]
    const named = parts.filter(({ marks }) => marks !== null)
    const byMonth = new Set(parts.filter(({ marks }) => marks === null))
    if (isKnown && named.reduce((sum, { count }) => sum + count, 0) > MOST_IDS) {
      let exceptions = 0
      for (const part of named.toSorted((a, b) => missingOf(a) - missingOf(b))) {
        exceptions += missingOf(part)
        if (exceptions > MOST_IDS || missingOf(part) > part.count) break
        byMonth.add(part)
      }
    }
    const lists = new Map<string, Part[]>()
    for (const part of parts) {
      if (!byMonth.has(part)) continue
      const chosenAt = part.chosen?.asOf ?? asOf
      lists.set(chosenAt, [...(lists.get(chosenAt) ?? []), part])
    }
    return { ids: parts.filter((part) => !byMonth.has(part)).flatMap(idsOf), lists }
  }
}

function isResolved({ marks, ids, sought }: Part): boolean {
  return marks === null || (sought.length === 0 && ids.length === marks.length)
}

/** Whether the id of each item that is chosen is known. */
function isNamed(part: Part): boolean {
  return part.marks === null ? part.ids.length === part.section.ratios.length : isResolved(part)
}

function idsOf({ marks, ids }: Part): readonly string[] {
  return marks === null ? ids : ids.filter((_, index) => marks[index] === 1)
}

function exceptionsOf({ marks, ids }: Part): string[] {
  return marks === null ? [] : ids.filter((_, index) => marks[index] === 0)
}

function missingOf({ section, count }: Part): number {
  return section.ratios.length - count
}

function part(section: Section, marks: Uint8Array, ids: readonly string[], sought: readonly string[]): Part {
  let count = sought.length
  for (const mark of marks) count += mark
  return { section, marks, chosen: null, ids, sought, count }
}

/** A part with some of its items chosen, or not; null where none is any more. */
function marked(section: Section, before: Part | undefined, from: number, to: number, isChosen: boolean, asOf: string): Part | null {
  const size = section.ratios.length
  const isWhole = from === 0 && to === size
  if (isWhole && !isChosen) return null
  const ids = longer(before?.ids ?? [], section.columns?.ids ?? [])
  // Once its items are here, those that come later are told apart from them; before, it is all or nothing.
  if (isWhole && ids.length < size) return { section, marks: null, chosen: { ratios: section.ratios, asOf }, ids, sought: [], count: size }
  const marks = before?.marks?.slice() ?? new Uint8Array(size).fill(before ? 1 : 0)
  marks.fill(isChosen ? 1 : 0, from, to)
  const next = part(section, marks, ids, before?.sought ?? [])
  return next.count > 0 ? next : null
}

function longer(a: readonly string[], b: readonly string[]): readonly string[] {
  return a.length > b.length ? a : b
}

function followed(before: Part, section: Section): Part {
  if (section === before.section) return before
  const size = section.ratios.length
  const here = section.columns?.ids ?? []
  if (before.chosen) {
    if (here.length === size && isAlike(section.ratios, before.chosen.ratios)) return part(section, new Uint8Array(size).fill(1), here, [])
    // What has come since can't be told from the rest here: the server leaves it out.
    return { ...before, section, ids: here, count: Math.min(before.count, size) }
  }
  const isSame = (id: string, index: number) => before.ids[index] === undefined || before.ids[index] === id
  if (before.sought.length === 0 && isAlike(section.ratios, before.section.ratios) && here.every(isSame)) {
    return { ...before, section, ids: longer(before.ids, here) }
  }
  // Of what was chosen by its place alone nobody can tell where it has gone: it is not chosen any more.
  const chosen = new Set([...idsOf(before), ...before.sought])
  const marks = new Uint8Array(size)
  here.forEach((id, index) => {
    if (chosen.delete(id)) marks[index] = 1
  })
  return part(section, marks, here, here.length < size ? [...chosen] : [])
}

/** Whether a section may hold the same items as before. */
function isAlike(ratios: Uint8Array, before: Uint8Array): boolean {
  return ratios === before || (ratios.length === before.length && ratios.every((code, index) => code === before[index]))
}
