import type { DBSchema, IDBPDatabase } from 'idb'
import { RENDITION_HEIGHTS } from '../api/constants'
import { openDatabase } from '../database'

/** What a browser keeps of a library for when there is no network, as page and service worker know it. */
export type Kind = 'pictures' | 'answers'

const PATHS: Record<Kind, RegExp> = {
  // As grid and viewer show them: neither originals, nor what is made for who enlarges one.
  pictures: new RegExp(`^/media/[0-9A-Za-z]{24}/[1-9][0-9]*/(${RENDITION_HEIGHTS.join('|')})\\.webp$`),
  // To what lists, viewer, and what is around them ask.
  answers: /^\/api\/(timeline(\/[^/]+)?|lists\/[^/]+(\/[^/]+)?|items\/[^/]+|folders|storage)$/,
}

/** Whether what is read at an address is kept, and as what. */
export function kindOf({ origin, pathname }: URL): Kind | null {
  if (origin !== location.origin) return null
  if (PATHS.pictures.test(pathname)) return 'pictures'
  return PATHS.answers.test(pathname) ? 'answers' : null
}

/** Of an answer that is not the server's, but one that was kept: when it was given, as an ISO date. */
export const KEPT_HEADER = 'X-Pinhole-Kept'

/** Name of the cache of one user's files. */
export function cacheOf(kind: Kind, user: string): string {
  return `${kind}-${user}`
}

/** A file in a cache: how much of the cache's limit it takes, and when it was asked for last, in milliseconds. */
export type KeptFile = { user: string; kind: Kind; path: string; size: number; used: number }

interface Schema extends DBSchema {
  files: { key: [string, Kind, string]; value: KeptFile; indexes: { byUse: [string, Kind, number] } }
  /** Of the sizes of a user's files of a kind. */
  sums: { key: [string, Kind]; value: number }
}

export type KeptIndex = IDBPDatabase<Schema>

/** The files in the caches. A database of its own: those of the page are open in pages of another version. */
export function openIndex(onGone?: () => void): Promise<KeptIndex> {
  return openDatabase<Schema>('pinhole.kept', makeIndex, onGone)
}

function makeIndex(db: KeptIndex): void {
  const files = db.createObjectStore('files', { keyPath: ['user', 'kind', 'path'] })
  files.createIndex('byUse', ['user', 'kind', 'used'])
  db.createObjectStore('sums')
}

/** Throws away what is kept of everybody but `user`, an id; null: of everybody. */
export async function forgetOthers(user: string | null): Promise<void> {
  if (!('caches' in globalThis)) return
  const names = await caches.keys().catch((error: unknown) => {
    // In windows in which a browser keeps nothing.
    if (error instanceof DOMException && error.name === 'SecurityError') return []
    throw error
  })
  const others = names.filter((name) => /^(pictures|answers)-/.test(name) && !name.endsWith(`-${user}`))
  await Promise.all(others.map((name) => caches.delete(name)))

  const index = await openIndex()
  const changes = index.transaction(['files', 'sums'], 'readwrite')
  for (const name of ['files', 'sums'] as const) {
    const store = changes.objectStore(name)
    if (user === null) await store.clear()
    else {
      await store.delete(IDBKeyRange.upperBound([user], true))
      await store.delete(IDBKeyRange.lowerBound([user, []], true))
    }
  }
  await changes.done
  index.close()
}
