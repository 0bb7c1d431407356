const WAIT_MS = 300

/** Gathers things for a moment, so that one request asks about many of them. */
export class Batch<T> {
  #gathered: T[] = []
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(
    private readonly most: number,
    private readonly handle: (things: T[]) => Promise<void>,
  ) {}

  add(thing: T): void {
    this.#gathered.push(thing)
    if (this.#gathered.length >= this.most) this.flush()
    else this.#timer ??= setTimeout(() => this.flush(), WAIT_MS)
  }

  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const things = this.#gathered.splice(0)
    if (things.length > 0) void this.handle(things)
  }
}
