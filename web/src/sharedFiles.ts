import { type DBSchema, type IDBPDatabase, openDB } from 'idb'

/** A file that another app has shared. `userId`: of who was logged in then; null: whoever logs in next. */
export type SharedFile = { id: string; userId: number | null; name: string; lastModified: number; bytes: Blob }

interface Schema extends DBSchema {
  files: { key: string; value: SharedFile }
}

export type SharedStorage = IDBPDatabase<Schema>

/**
 * What other apps have shared, until it is uploaded: the service worker puts it there, a page takes it. A database of its
 * own, beside that of `storage.ts`: to give that one another store, every page that is open would have to let go of it first,
 * and those of earlier versions never do.
 */
export function openSharedFiles(): Promise<SharedStorage> {
  return openDB<Schema>('pinhole.shared', 1, {
    upgrade(db) {
      db.createObjectStore('files', { keyPath: 'id' })
    },
  })
}

/** Throws `QuotaExceededError` where the browser has no room for them, and keeps none then. */
export async function keepShared(files: readonly File[], userId: number | null): Promise<void> {
  const db = await openSharedFiles()
  try {
    const transaction = db.transaction('files', 'readwrite')
    const entries = files.map((file) => {
      const { name, lastModified } = file
      return { id: crypto.randomUUID(), userId, name, lastModified, bytes: file }
    })
    await Promise.all([...entries.map((entry) => transaction.store.put(entry)), transaction.done])
  } finally {
    db.close()
  }
}

/** Whether a file is for this user. */
export function isFor(userId: number, file: SharedFile): boolean {
  return file.userId === null || file.userId === userId
}

/** How many files wait for this user. */
export async function countShared(userId: number): Promise<number> {
  const db = await openSharedFiles()
  try {
    return (await db.getAll('files')).filter((file) => isFor(userId, file)).length
  } finally {
    db.close()
  }
}

/** Forgets the files that wait for this user; their ids. */
export async function dropShared(userId: number): Promise<string[]> {
  const db = await openSharedFiles()
  try {
    const ids = (await db.getAll('files')).filter((file) => isFor(userId, file)).map(({ id }) => id)
    await Promise.all(ids.map((id) => db.delete('files', id)))
    return ids
  } finally {
    db.close()
  }
}
