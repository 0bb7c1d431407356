import type { DBSchema, IDBPDatabase } from 'idb'
import { openDatabase } from './database'

/**
 * A file that another app has shared. `userId`: of who was logged in then; null: whoever logs in next. `unsure`: by the same
 * key as all that was shared with it, since it may be that another site has sent it; null where that can't be.
 */
export type SharedFile = {
  id: string
  userId: number | null
  unsure: string | null
  sharedAt: number
  name: string
  lastModified: number
  bytes: Blob
}

interface Schema extends DBSchema {
  files: { key: string; value: SharedFile }
}

export type SharedStorage = IDBPDatabase<Schema>

/** Of all that waits: more is more than a phone shares, and may be meant to fill this browser up. */
const MOST_FILES = 1000
const MOST_BYTES = 8 * 2 ** 30
/** Of other users, who may never come back. */
const KEPT_MS = 90 * 24 * 60 * 60 * 1000

/** More waits, or would, than is kept. */
export class TooMuchShared extends Error {}

/**
 * Works on what other apps have shared, until it is uploaded: the service worker puts it there, a page takes it. A database of
 * its own, beside that of `storage.ts`: to give that one another store, every page that is open would have to let go of it
 * first, and those of earlier versions never do. It is open no longer than the work takes, so that it has nothing to let go of.
 */
export async function withShared<T>(work: (db: SharedStorage) => Promise<T>): Promise<T> {
  const db = await openDatabase<Schema>('pinhole.shared', (made) => void made.createObjectStore('files', { keyPath: 'id' }))
  try {
    return await work(db)
  } finally {
    db.close()
  }
}

/** Throws `TooMuchShared`, and `DOMException` where the browser has no room for them; keeps none then. */
export function keepShared(files: readonly File[], userId: number | null, unsure: string | null): Promise<void> {
  return withShared(async (db) => {
    const now = Date.now()
    const transaction = db.transaction('files', 'readwrite')
    const before = await transaction.store.getAll()
    const old = before.filter((file) => file.userId !== userId && file.sharedAt < now - KEPT_MS)
    const sizes = [...before.filter((file) => !old.includes(file)).map(({ bytes }) => bytes.size), ...files.map(({ size }) => size)]
    if (sizes.length > MOST_FILES || sizes.reduce((sum, size) => sum + size, 0) > MOST_BYTES) throw new TooMuchShared()
    const entries = files.map((file) => {
      const { name, lastModified } = file
      return { id: crypto.randomUUID(), userId, unsure, sharedAt: now, name, lastModified, bytes: file }
    })
    const work = [...old.map(({ id }) => transaction.store.delete(id)), ...entries.map((entry) => transaction.store.put(entry))]
    await Promise.all([...work, transaction.done])
  })
}

/** Whether a file is for this user. */
export function isFor(userId: number, file: SharedFile): boolean {
  return file.userId === null || file.userId === userId
}

/** How many files wait for this user. */
export function countShared(userId: number): Promise<number> {
  return withShared(async (db) => (await db.getAll('files')).filter((file) => isFor(userId, file)).length)
}

/** Forgets the files that wait for this user; their ids. */
export function dropShared(userId: number): Promise<string[]> {
  return withShared(async (db) => {
    const ids = (await db.getAll('files')).filter((file) => isFor(userId, file)).map(({ id }) => id)
    await Promise.all(ids.map((id) => db.delete('files', id)))
    return ids
  })
}
