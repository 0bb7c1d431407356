import { openDB, type IDBPDatabase } from 'idb'

let opening: Promise<IDBPDatabase> | undefined

/**
 * The id of the user whose session the pages have stored, as of now. null: nobody is logged in, or what is stored can't
 * be read, and then nothing can be kept.
 */
export async function loggedIn(): Promise<string | null> {
  try {
    const database = await (opening ??= open())
    const session = (await database.get('session', 'current')) as { user: { id: number } } | undefined
    return session ? String(session.user.id) : null
  } catch {
    opening = undefined
    return null
  }
}

function open(): Promise<IDBPDatabase> {
  return openDB('pinhole', undefined, {
    // There is none yet: a page makes it.
    upgrade: (_database, _old, _new, transaction) => {
      transaction.done.catch(() => {}) // The opening fails by it too.
      transaction.abort()
    },
    blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close(),
  })
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
