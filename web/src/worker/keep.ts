import { reopening } from '../database'
import { cacheOf, forgetOthers, KEPT_HEADER, openIndex, type KeptFile, type Kind } from '../offline/kept'
import { loggedIn } from './session'

/** So many milliseconds of uses are written at once. */
const GATHER_MS = 2000
/** Where there is too much, so much of the limit is left: room is not made for every single file. */
const LEFT = 0.9
const SIZE_HEADER = 'X-Pinhole-Size'

type Limits = {
  /** What a file takes of the limit. */
  sizeOf(file: Blob): number
  /** Of the sum of the sizes of a user's files. */
  limit(): Promise<number>
  gatherMs?: number
}

/**
 * Files of one kind, in a cache for each user; those asked for least recently make room for others.
 *
 * The index follows the caches within seconds. What is in a cache alone, since the worker was ended before, comes into
 * the index when it is asked for, or by `sweep`.
 */
export class Keep {
  /** What is not in the index yet, by user and path. */
  #uses = new Map<string, KeptFile>()
  #writing: Promise<void> | null = null
  #making: Promise<void> | null = null
  readonly #index = reopening(openIndex)

  constructor(
    private readonly kind: Kind,
    private readonly limits: Limits,
  ) {}

  /** The kept file at a path, if there is one that can be read. */
  async match(event: ExtendableEvent, user: string, path: string): Promise<Response | undefined> {
    // Opening the cache would make one, for whoever is not logged in any more too.
    const response = await caches.match(path, { cacheName: cacheOf(this.kind, user) }).catch(() => undefined)
    if (response) event.waitUntil(this.#use(user, path, Number(response.headers.get(SIZE_HEADER))))
    return response
  }

  /** Keeps what was answered to `user`, if it is they who are logged in, now and once it is kept. */
  async put(user: string, path: string, { headers }: Response, file: Blob): Promise<void> {
    if ((await loggedIn()) !== user) return
    const size = this.limits.sizeOf(file)
    const kept = () =>
      new Response(file, {
        headers: {
          'Content-Type': headers.get('Content-Type') ?? '',
          [KEPT_HEADER]: new Date().toISOString(),
          [SIZE_HEADER]: String(size),
        },
      })
    const cache = await caches.open(cacheOf(this.kind, user))
    try {
      await cache.put(path, kept())
    } catch (error) {
      if (!isFull(error)) throw error
      await this.#write()
      await this.#makeRoom(user, (await this.#sum(user)) / 2)
      await cache.put(path, kept())
    } finally {
      await forgetUnless(user)
    }
    await this.#use(user, path, size)
  }

  async forget(user: string, path: string): Promise<void> {
    const name = cacheOf(this.kind, user)
    if (await caches.has(name)) await (await caches.open(name)).delete(path)
  }

  /** Takes into the index what is in the cache alone: it would take room for ever if nobody asked for it again. */
  async sweep(): Promise<void> {
    const user = await loggedIn()
    if (!user || !(await caches.has(cacheOf(this.kind, user)))) return
    const cache = await caches.open(cacheOf(this.kind, user))
    const range = IDBKeyRange.bound([user, this.kind], [user, this.kind, []])
    const known = new Set((await (await this.#index()).getAllKeys('files', range)).map(([, , path]) => path))
    const left = (await cache.keys()).filter(({ url }) => !known.has(pathOf(url)))
    const sizes = await Promise.all(left.map(async (request) => (await cache.match(request))?.headers.get(SIZE_HEADER)))
    await Promise.all(left.map(({ url }, index) => this.#use(user, pathOf(url), Number(sizes[index] ?? 0))))
  }

  /** Notes a use; done once it is in the index. */
  #use(user: string, path: string, size: number): Promise<void> {
    this.#uses.set(`${user} ${path}`, { user, kind: this.kind, path, size, used: Date.now() })
    this.#writing ??= new Promise((resolve) => setTimeout(resolve, this.limits.gatherMs ?? GATHER_MS)).then(() => {
      this.#writing = null
      return this.#write()
    })
    return this.#writing
  }

  async #write(): Promise<void> {
    const user = await loggedIn()
    const uses = [...this.#uses.values()].filter((use) => use.user === user)
    this.#uses.clear()
    if (!user) return
    const changes = (await this.#index()).transaction(['files', 'sums'], 'readwrite')
    const files = changes.objectStore('files')
    let more = 0
    for (const use of uses) {
      const before = await files.get([user, this.kind, use.path])
      more += use.size - (before?.size ?? 0)
      await files.put(use)
    }
    await addTo(changes.objectStore('sums'), [user, this.kind], more)
    await changes.done
    await forgetUnless(user)
    const limit = await this.limits.limit()
    if ((await this.#sum(user)) > limit) await this.#makeRoom(user, limit * LEFT)
  }

  /** Makes room as `#throwAway` does; whoever asks while that is under way waits for it. */
  #makeRoom(user: string, goal: number): Promise<void> {
    this.#making ??= this.#throwAway(user, goal).finally(() => (this.#making = null))
    return this.#making
  }

  /** Throws away what was asked for least recently, until the rest takes no more than `goal`. */
  async #throwAway(user: string, goal: number): Promise<void> {
    const index = await this.#index()
    let excess = (await this.#sum(user)) - goal
    const going: KeptFile[] = []
    const range = IDBKeyRange.bound([user, this.kind], [user, this.kind, []])
    let cursor = await index.transaction('files').store.index('byUse').openCursor(range)
    for (; cursor && excess > 0; cursor = await cursor.continue()) {
      going.push(cursor.value)
      excess -= cursor.value.size
    }
    await Promise.all(going.map(({ path }) => this.forget(user, path)))
    const changes = index.transaction(['files', 'sums'], 'readwrite')
    const files = changes.objectStore('files')
    let gone = 0
    for (const { path } of going) {
      gone += (await files.get([user, this.kind, path]))?.size ?? 0
      await files.delete([user, this.kind, path])
    }
    await addTo(changes.objectStore('sums'), [user, this.kind], -gone)
    await changes.done
  }

  async #sum(user: string): Promise<number> {
    return (await (await this.#index()).get('sums', [user, this.kind])) ?? 0
  }
}

function pathOf(url: string): string {
  const { pathname, search } = new URL(url)
  return pathname + search
}

type Sums = {
  get(key: [string, Kind]): Promise<number | undefined>
  put(value: number, key: [string, Kind]): Promise<unknown>
}

async function addTo(sums: Sums, key: [string, Kind], more: number): Promise<void> {
  await sums.put(((await sums.get(key)) ?? 0) + more, key)
}

/** Whoever logged out meanwhile has thrown all away before this was written. */
async function forgetUnless(user: string): Promise<void> {
  const now = await loggedIn()
  if (now !== undefined && now !== user) await forgetOthers(now)
}

function isFull(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'QuotaExceededError'
}
