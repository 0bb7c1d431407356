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
    this.#set(this.now.follow(sections))
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
    this.#set(before.with(findMark(before, mark) ?? place, place, isChosen, this.list.asOf))
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
    this.#set(this.now.all(this.list.asOf))
  }

  clear(): void {
    this.#set(new Selection(this.list.sections))
  }

  /** What to send for all of it. Fetches what it takes to name each. Throws `Problem`. */
  async targets(): Promise<Target[]> {
    await this.#have(() => this.now.unresolved)
    return this.now.targets(this.list.query, this.list.asOf)
  }

  /** The id of each item of it. Fetches what it takes to name them. Throws `Problem`. */
  async ids(): Promise<string[]> {
    await this.#have(() => this.now.unnamed)
    return this.now.ids(Infinity)!
  }

  /** Fetches sections until none is missing, since one may change while another is fetched. Throws `Problem`. */
  async #have(missing: () => string[]): Promise<void> {
    const loads = new Map<string, number>()
    for (let key; (key = missing()[0]) !== undefined; ) {
      loads.set(key, (loads.get(key) ?? 0) + 1)
      if (loads.get(key)! > MOST_LOADS) throw new Told(texts.selection.keepsChanging)
      await this.list.load(key)
      this.follow() // now: the list lets go of items that nobody looks at
    }
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
