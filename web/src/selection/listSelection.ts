import { shallowRef } from 'vue'
import { Told } from '../api/problem'
import type { PhotoList, Place } from '../photos/photoList'
import { findMark, markOf, type Mark } from '../photos/scrollAnchor'
import { texts } from '../texts/texts'
import { Selection, type Target } from './selection'

/** A section that is another each time it is fetched is given up. */
const MOST_LOADS = 5

/**
 * What is chosen in a list, as people choose: one by one, or from the last one on. It stays while the list changes, and
 * while a photo of it is looked at.
 */
export class ListSelection {
  readonly #now = shallowRef(new Selection([]))
  /** Where a span begins, what was chosen before it was drawn, and whether it chooses or takes away. */
  #anchor: { mark: Mark; before: Selection; isChosen: boolean } | null = null
  #isResolving = false
  /** What was chosen when somebody asked for all of it, in the list as it is now. */
  readonly #asked = new Set<{ chosen: Selection }>()
  /** How often somebody has chosen anew. */
  #choices = 0

  constructor(private readonly list: PhotoList) {
    this.follow()
  }

  /** Reactive, as a whole: who asks whether a photo is chosen asks this. */
  get now(): Selection {
    return this.#now.value
  }

  get isActive(): boolean {
    return this.now.count > 0
  }

  /** The list has changed. */
  follow(): void {
    const { sections } = this.list
    if (this.#anchor) this.#anchor = { ...this.#anchor, before: this.#anchor.before.follow(sections) }
    for (const asked of this.#asked) asked.chosen = asked.chosen.follow(sections)
    this.#set(this.now.follow(sections))
  }

  #choose(next: Selection): void {
    this.#choices += 1
    this.#set(next)
  }

  #set(next: Selection): void {
    this.#now.value = next
    void this.#resolve()
  }

  toggle(place: Place): void {
    this.begin(place, !this.now.has(place))
    this.spanTo(place)
  }

  /** Begin a span, which is drawn by `spanTo`: it chooses, or takes away. */
  begin(place: Place, isChosen: boolean): void {
    this.#anchor = { mark: markOf(this.now, place), before: this.now, isChosen }
  }

  /** Have the span go on from where the last one began; from `start`, where nothing is chosen. */
  extendTo(place: Place, start: Place): void {
    if (!this.#anchor || !this.isActive) this.begin(start, true)
    this.spanTo(place)
  }

  /** Have the span that was begun end there, wherever it ended before. */
  spanTo(place: Place): void {
    const { mark, before, isChosen } = this.#anchor!
    this.#choose(before.with(findMark(before, mark) ?? place, place, isChosen, this.list.asOf))
  }

  /** Choose the items of a section from an index up to another; where all of them are chosen already, take them away. */
  toggleRange(position: number, from: number, to: number): void {
    const isChosen = this.now.shareOf(position, from, to) !== 'all'
    this.begin({ position, index: from }, isChosen)
    this.spanTo({ position, index: to - 1 })
  }

  toggleSection(position: number): void {
    this.toggleRange(position, 0, this.now.sections[position]!.ratios.length)
  }

  all(): void {
    this.#anchor = null
    this.#choose(this.now.all(this.list.asOf))
  }

  clear(): void {
    this.#choose(new Selection(this.list.sections))
  }

  /** Has all of it sent; where it `leaves` the list by that it is not chosen any more, unless somebody has chosen anew meanwhile. */
  async sendAll(send: (targets: Target[]) => Promise<void>, leaves: boolean): Promise<void> {
    const choice = this.#choices
    await send(await this.targets())
    if (leaves && this.#choices === choice) this.clear()
  }

  /** What to send for all of it. Fetches what it takes to name each. Throws `Problem`. */
  async targets(): Promise<Target[]> {
    const chosen = await this.#named((all) => all.unresolved)
    return chosen.targets(this.list.query, this.list.asOf)
  }

  /** The id of each item of it. Fetches what it takes to name them. Throws `Problem`. */
  async ids(): Promise<string[]> {
    const chosen = await this.#named((all) => all.unnamed)
    return chosen.ids(Infinity)!
  }

  /** What is chosen now, whatever is chosen later, once the sections of it are here that are missing: one may change while another is fetched. */
  async #named(missing: (chosen: Selection) => string[]): Promise<Selection> {
    const loads = new Map<string, number>()
    const asked = { chosen: this.now }
    this.#asked.add(asked)
    try {
      for (let key; (key = missing(asked.chosen)[0]) !== undefined; ) {
        loads.set(key, (loads.get(key) ?? 0) + 1)
        if (loads.get(key)! > MOST_LOADS) throw new Told(texts.selection.keepsChanging)
        await this.list.load(key)
        this.follow() // now: the list lets go of items that nobody looks at
      }
    } finally {
      this.#asked.delete(asked)
    }
    return asked.chosen
  }

  /** Months of which some is chosen that is not known by its id yet are fetched in the background. */
  async #resolve(): Promise<void> {
    if (this.#isResolving) return
    this.#isResolving = true
    try {
      for (const key of this.now.unresolved) await this.list.load(key)
    } catch {
      // They are fetched again when it comes to it, and then it is told why that fails.
    } finally {
      this.#isResolving = false
    }
  }
}

const selections = new WeakMap<PhotoList, ListSelection>()

/** The one of a list: of its grid and its viewer. */
export function selectionOf(list: PhotoList): ListSelection {
  const known = selections.get(list) ?? new ListSelection(list)
  selections.set(list, known)
  return known
}
