import { openDB, type IDBPDatabase } from 'idb'
import { PAGES_DATABASE } from '../database'

let opening: Promise<IDBPDatabase> | undefined

/**
 * The id of the user whose session the pages have stored, as of now. null: nobody is logged in. undefined: what is stored can't
 * be read, as for moments after a phone was asleep; nothing can be kept then, and nothing is to be thrown away.
 */
export async function loggedIn(): Promise<string | null | undefined> {
  try {
    const database = await (opening ??= open())
    const session = (await database.get('session', 'current')) as { user: { id: number } } | undefined
    return session ? String(session.user.id) : null
  } catch (error) {
    opening = undefined
    return error instanceof NoneYet ? null : undefined
  }
}

/** No page has made the database. */
class NoneYet extends Error {}

async function open(): Promise<IDBPDatabase> {
  let isThere = true
  try {
    return await openDB(PAGES_DATABASE, undefined, {
      upgrade: (_database, _old, _new, transaction) => {
        isThere = false
        transaction.done.catch(() => {}) // The opening fails by it too.
        transaction.abort()
      },
      blocking: (_current, _blocked, event) => {
        opening = undefined
        ;(event.target as IDBDatabase).close()
      },
    })
  } catch (error) {
    throw isThere ? error : new NoneYet()
  }
}

/** The id of the user whom an access token is of, whether it has run out or not; null for anything else. */
export function userOf(authorization: string | null): string | null {
  const [, claims] = /^Bearer [\w-]+\.([\w-]+)\.[\w-]+$/.exec(authorization ?? '') ?? []
  if (claims === undefined) return null
  try {
    const { sub } = JSON.parse(atob(claims.replaceAll('-', '+').replaceAll('_', '/'))) as { sub?: unknown }
    return typeof sub === 'string' && /^\d+$/.test(sub) ? sub : null
  } catch {
    return null // Not a token of ours; the server says what is wrong with it.
  }
}
