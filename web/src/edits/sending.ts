import { messageOf, Problem } from '../api/problem'
import { reachable } from '../api/reachable'
import { texts } from '../texts/texts'
import { dismiss, tell } from '../ui/notices'

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
/** Before what may pass is sent again; who looks on waits so long. */
const PAUSES_MS = [1000, 3000]
/** All later edits wait too: whoever asks for more patience is asked again all the same. */
const LONGEST_PAUSE_MS = 30_000
/** Who asks for the same after that means it anew. */
const SAME_FOR_MS = 3 * 60_000

/** The changes of the deed that was sent last, while not all were answered: one that is asked for again is the same. */
let unanswered: { deed: string; ids: string[]; at: number } | null = null

/**
 * Sends again what may pass, as what is sent twice is done once, and tells so meanwhile; but once only where it is known before
 * that the server can't be reached. Throws the last `Problem`.
 */
export async function untilAnswered<T>(send: () => Promise<T>): Promise<T> {
  let notice: number | undefined
  const pauses = reachable.value ? PAUSES_MS : []
  try {
    for (const pause of pauses) {
      try {
        return await send()
      } catch (error) {
        if (!(error instanceof Problem && error.passing)) throw error
        notice = tell(texts.edits.sentAgain(messageOf(error)), undefined, notice)
        const asked = Math.min((error.retryAfterSeconds ?? 0) * 1000, LONGEST_PAUSE_MS)
        await new Promise((resolve) => setTimeout(resolve, Math.max(pause, asked)))
      }
    }
    return await send()
  } finally {
    if (notice !== undefined) dismiss(notice)
  }
}

/**
 * Sends the changes of a deed, one after the other, each under an id that is its own. `deed`: all that says what is to be
 * done, by change. Asked for once more, soon and with nothing else sent between, what was answered before is answered as
 * then. Throws the last `Problem`; `onAnswer` has had what came before.
 */
export async function sendOnce<A, T>(deed: readonly A[], send: (asked: A, changeId: string) => Promise<T>, onAnswer: (answer: T) => void): Promise<void> {
  const key = JSON.stringify(deed)
  const isAgain = unanswered?.deed === key && Date.now() - unanswered.at < SAME_FOR_MS
  const ids = isAgain ? unanswered!.ids : deed.map(newId)
  for (const [index, asked] of deed.entries()) {
    unanswered = { deed: key, ids, at: Date.now() }
    try {
      onAnswer(await untilAnswered(() => send(asked, ids[index]!)))
    } catch (error) {
      unanswered.at = Date.now()
      // What was refused was not done.
      if (!(error instanceof Problem && error.passing)) ids[index] = newId()
      throw error
    }
  }
  unanswered = null
}

/** Something else is done now: what is asked for after it is meant anew. */
export function forgetUnanswered(): void {
  unanswered = null
}

function newId(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(12)), (number) => ALPHABET[number % ALPHABET.length]).join('')
}
