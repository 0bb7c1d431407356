import { messageOf, Problem, Told } from '../api/problem'
import { texts } from '../texts/texts'

/** So often a refusal is met: it may be that an address ran out, or a stumble, but hardly each time. */
const REFUSALS = 7
const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 30_000

/** A PUT to the store that did not succeed; `status` 0 when no answer came. */
export class TransferFailed extends Told {
  constructor(readonly status: number) {
    super(status === 0 ? texts.uploads.brokeOff : texts.uploads.storageRefused(status))
  }

  /** 403: the address ran out, another will do. */
  get passing(): boolean {
    return this.status === 0 || this.status === 403 || this.status === 408 || this.status === 429 || this.status >= 500
  }
}

const UNREADABLE = ['NotReadableError', 'NotFoundError']

/** What to tell a person of a file that failed. */
export function reasonOf(error: unknown): string {
  return error instanceof Error && UNREADABLE.includes(error.name) ? texts.uploads.unreadable : messageOf(error)
}

type Trouble = Problem | TransferFailed

/** Wait between attempts, doubling, and spread out so that many clients don't come back at once. */
export function backoffMs(failures: number, random = Math.random()): number {
  const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures)
  return longest * (0.5 + random / 2)
}

export type Pause = (milliseconds: number, signal: AbortSignal, trouble: Trouble) => Promise<void>

/**
 * Does `work` until it succeeds, or fails for a reason that will not pass. A server that is away comes back, be it
 * tomorrow: only what it refuses itself, again and again, is given up.
 */
export async function withRetries<T>(pause: Pause, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  let refusals = 0
  for (let failures = 0; ; failures++) {
    try {
      return await work()
    } catch (error) {
      signal.throwIfAborted()
      if (!isTrouble(error) || !error.passing) throw error
      if (error.status === 403 || error.status === 500) refusals += 1
      if (refusals === REFUSALS) throw error
      const asked = error instanceof Problem ? error.retryAfterSeconds : null
      await pause(asked === null ? backoffMs(failures) : asked * 1000, signal, error)
    }
  }
}

function isTrouble(error: unknown): error is Trouble {
  return error instanceof Problem || error instanceof TransferFailed
}

/** Wait, but no longer than until the network comes back, and while there is none wait on. */
export const pauseWhileOffline: Pause = (milliseconds, signal) =>
  new Promise((resolve, reject) => {
    const finish = () => {
      clearTimeout(timer)
      window.removeEventListener('online', finish)
      signal.removeEventListener('abort', finish)
      if (signal.aborted) reject(signal.reason as Error)
      else resolve()
    }
    const timer = setTimeout(() => navigator.onLine && finish(), milliseconds)
    window.addEventListener('online', finish)
    signal.addEventListener('abort', finish)
  })
