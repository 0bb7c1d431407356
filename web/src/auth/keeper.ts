import { isAway } from '../api/away'
import { problemFrom, unreachable } from '../api/problem'
import { forgetOthers } from '../offline/kept'
import { storage } from '../storage'
import { SessionKeeper, type Session } from './sessionKeeper'

/** While one is on its way nobody can log out; browsers give up after minutes. */
const LONGEST_REFRESH_MS = 30_000

export const keeper = new SessionKeeper(
  storage,
  navigator.locks,
  new BroadcastChannel('pinhole.session'),
  async (refreshToken) => {
    const response = await fetch('/api/auth/refresh', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ refreshToken }),
      signal: AbortSignal.timeout(LONGEST_REFRESH_MS),
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
  },
  forgetOthers,
)
