import { Problem } from '../api/problem'

const ATTEMPTS = 7
const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 30_000

/** A PUT to the store that did not succeed; `status` 0 when no answer came. */
export class TransferFailed extends Error {
  constructor(readonly status: number) {
    super(status === 0 ? 'The connection broke off.' : `The storage refused the file (${status}).`)
  }

  /** 403: the address ran out, another will do. */
  get passing(): boolean {
    return this.status === 0 || this.status === 403 || this.status === 408 || this.status === 429 || this.status >= 500
  }
}

/** Wait between attempts, doubling, and spread out so that many clients don't come back at once. */
export function backoffMs(failures: number, random = Math.random()): number {
  const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures)
  return longest * (0.5 + random / 2)
}

export type Pause = (milliseconds: number, signal: AbortSignal) => Promise<void>

/** Does `work` until it succeeds, fails for a reason that will not pass, or has failed too often. */
export async function withRetries<T>(pause: Pause, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  for (let failures = 0; ; failures++) {
    try {
      return await work()
    } catch (error) {
      signal.throwIfAborted()
      const mayPass = (error instanceof Problem || error instanceof TransferFailed) && error.passing
      if (!mayPass || failures + 1 === ATTEMPTS) throw error
      const asked = error instanceof Problem ? (error.retryAfterSeconds ?? 0) * 1000 : 0
      await pause(Math.max(asked, backoffMs(failures)), signal)
    }
  }
}

/** Wait, and while there is no network wait on: a tunnel should not use up the attempts. */
export const pauseWhileOffline: Pause = async (milliseconds, signal) => {
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      reject(signal.reason)
    })
  })
  if (navigator.onLine) return
  await new Promise<void>((resolve, reject) => {
    window.addEventListener('online', () => resolve(), { once: true })
    signal.addEventListener('abort', () => reject(signal.reason))
  })
}
