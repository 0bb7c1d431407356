/** Lists that were looked at last, so that going back finds one as it was. */
const MOST_KEPT = 3

/** What was made for a key before, where it is one of the last few that were asked for; else what is made now. */
export class LastUsed<T> {
  readonly #kept = new Map<string, T>()

  get(key: string, make: () => T): T {
    const one = this.#kept.get(key) ?? make()
    this.#kept.delete(key)
    this.#kept.set(key, one)
    if (this.#kept.size > MOST_KEPT) this.#kept.delete(this.#kept.keys().next().value!)
    return one
  }
}
