import type { DBSchema, IDBPDatabase } from 'idb'
import type { Session } from './auth/sessionKeeper'
import { openDatabase, PAGES_DATABASE, reopening } from './database'
import type { JournalEntry } from './uploads/journal'

interface Schema extends DBSchema {
  session: { key: 'current'; value: Session }
  uploads: { key: string; value: JournalEntry }
}

export type Storage = IDBPDatabase<Schema>

/** What this browser keeps between visits. IndexedDB, since its reads are ordered after other tabs' writes. */
export const storage: () => Promise<Storage> = reopening((onGone) =>
  openDatabase<Schema>(
    PAGES_DATABASE,
    (db) => {
      db.createObjectStore('session')
      db.createObjectStore('uploads', { keyPath: 'id' })
    },
    onGone,
  ),
)
