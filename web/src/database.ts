import { type DBSchema, type IDBPDatabase, openDB } from 'idb'

/** Of pages, with who is logged in; `early.ts` and the service worker read it too. */
export const PAGES_DATABASE = 'pinhole'

/**
 * Opens a database as it is; `make` makes it where there is none. It is let go of, and `onGone` called, as soon as a later version
 * of the client is to change it: that would wait otherwise until the last page of this one is closed.
 */
export function openDatabase<S extends DBSchema>(
  name: string,
  make: (db: IDBPDatabase<S>) => void,
  onGone: () => void = () => {},
): Promise<IDBPDatabase<S>> {
  return openDB<S>(name, undefined, {
    upgrade: make,
    blocking: (_current, _blocked, event) => {
      onGone()
      ;(event.target as IDBDatabase).close()
    },
    terminated: onGone,
  })
}

/** Opens something once, when it is first asked for, and anew after it has called what `open` is given. */
export function reopening<T>(open: (onGone: () => void) => Promise<T>): () => Promise<T> {
  let opening: Promise<T> | undefined
  const forget = () => {
    opening = undefined
  }
  return () => {
    if (!opening) {
      opening = open(forget)
      opening.catch(forget) // Who asked is told.
    }
    return opening
  }
}
