import { openDB, type DBSchema, type IDBPDatabase } from 'idb'
import type { Session } from './auth/sessionKeeper'
import type { JournalEntry } from './uploads/journal'

interface Schema extends DBSchema {
  session: { key: 'current'; value: Session }
  uploads: { key: string; value: JournalEntry }
}

export type Storage = IDBPDatabase<Schema>

/** What this browser keeps between visits. IndexedDB, since its reads are ordered after other tabs' writes. */
export function openStorage(): Promise<Storage> {
  return openDB<Schema>('pinhole', 1, {
    upgrade(db) {
      db.createObjectStore('session')
      db.createObjectStore('uploads', { keyPath: 'id' })
    },
  })
}

export const storage = openStorage()
