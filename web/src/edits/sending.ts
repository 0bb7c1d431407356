import { Problem } from '../api/problem'

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
/** Before what may pass is sent again; who looks on waits so long. */
const PAUSES_MS = [1000, 3000]

/** The ids of changes whose answers never came, by what was asked: one that is asked for again is the same change. */
const unanswered = new Map<string, string>()

/** Sends again what may pass, as what is sent twice is done once. Throws the last `Problem`. */
export async function untilAnswered<T>(send: () => Promise<T>): Promise<T> {
  for (const pause of PAUSES_MS) {
    try {
      return await send()
    } catch (error) {
      if (!(error instanceof Problem && error.passing)) throw error
      await new Promise((resolve) => setTimeout(resolve, Math.max(pause, (error.retryAfterSeconds ?? 0) * 1000)))
    }
  }
  return send()
}

/** The same of a change, under an id that is its own; `asked` is all that says what is to be done. */
export async function askedOnce<T>(asked: unknown, send: (changeId: string) => Promise<T>): Promise<T> {
  const key = JSON.stringify(asked)
  const changeId = unanswered.get(key) ?? newId()
  unanswered.set(key, changeId)
  try {
    const answered = await untilAnswered(() => send(changeId))
    unanswered.delete(key)
    return answered
  } catch (error) {
    // What was refused was not done.
    if (!(error instanceof Problem && error.passing)) unanswered.delete(key)
    throw error
  }
}

function newId(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(12)), (number) => ALPHABET[number % ALPHABET.length]).join('')
}
