import { isAway } from '../api/away'
import { type Problem, problemFrom, unreachable } from '../api/problem'
import type { Session } from './sessionKeeper'

/**
 * The server takes a token that was used for 10 s more, since the answer may have been lost: by then it has to be sent again,
 * or it counts as stolen, and every session of the user ends.
 */
const RESENT_AFTER_MS = 4000
const RESENT_BEFORE_MS = 8000
/** While one is on its way nobody can log out; browsers give up after minutes. */
const LONGEST_REFRESH_MS = 30_000

/**
 * The session that comes after this one. Throws `Problem`: 401 where the server knows the session no more, 0 where nothing is
 * known of what it answered. The token is sent twice where that is so for a while; on a slow line the first answer still counts.
 */
export async function refresh(refreshToken: string): Promise<Session> {
  const begun = Date.now()
  const over = new AbortController()
  const signal = AbortSignal.any([over.signal, AbortSignal.timeout(LONGEST_REFRESH_MS)])
  const first = ask(refreshToken, signal)
  const silence = new Promise<never>((_, reject) => setTimeout(() => reject(unreachable()), RESENT_AFTER_MS))
  const second = Promise.race([first, silence]).catch((error: Problem) => {
    // A device that was asleep in between is too late.
    if (error.status !== 0 || Date.now() - begun > RESENT_BEFORE_MS) throw error
    return ask(refreshToken, signal)
  })
  try {
    return await Promise.any([first, second])
  } catch (error) {
    const { errors } = error as { errors: [Problem, Problem] }
    throw errors.find(({ status }) => status === 401) ?? errors.find(({ status }) => status !== 0) ?? errors[0]
  } finally {
    over.abort()
  }
}

async function ask(refreshToken: string, signal: AbortSignal): Promise<Session> {
  const response = await fetch('/api/auth/refresh', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ refreshToken }),
    signal,
  }).catch(() => {
    throw unreachable()
  })
  // A proxy that wants a login of its own ends no session.
  if (isAway(response)) throw unreachable()
  const body: unknown = await response.json().catch(() => {
    // Nothing is known of what was answered: not even whether the token is used up.
    if (response.ok) throw unreachable()
  })
  if (!response.ok) throw problemFrom(response, body)
  return body as Session
}
