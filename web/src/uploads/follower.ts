import { MOST_COMPLETED } from '../api/constants'
import { Problem, sentenceOf } from '../api/problem'
import { texts } from '../texts/texts'
import type { Upload } from './upload'
import type { Outcome, UploadServer } from './uploadServer'

/** Gathered for so long before the server is told. */
const TELL_MS = 500
const HURRY_MS = 300
const TICK_MS = 1000
const SLOWEST_TICK_MS = 10_000
/** Of those that the server knows to have arrived: more would be much to read for little news. */
const ASKED_AT_ONCE = 100

/**
 * Tells the server which files have arrived, for the store tells it of none, and follows what it makes of them, the
 * ones that came first, first. Both are the same question.
 */
export class Follower {
  /** Arrived, and not yet received for all that the server says. */
  #untold = new Map<string, Upload>()
  #received = new Map<string, Upload>()
  #timer: ReturnType<typeof setTimeout> | undefined
  #due = Infinity
  #asking: Promise<void> | null = null
  #wait = TICK_MS
  /** How many the server has found to have arrived so far. */
  #taken = 0

  constructor(
    private readonly server: Pick<UploadServer, 'completeMany'>,
    private readonly onSettled: (upload: Upload) => void,
  ) {}

  /** The store has acknowledged all bytes of an upload. */
  follow(upload: Upload): void {
    this.#untold.set(upload.key, upload)
    this.#wait = TICK_MS
    this.#schedule(TELL_MS)
  }

  /** Ask soon: something has happened in the library. */
  hurry(): void {
    this.#wait = TICK_MS
    this.#schedule(HURRY_MS)
  }

  /** Tells now what has arrived. Whether the server found that any of it has: then it has room for more. */
  async report(): Promise<boolean> {
    const before = this.#taken
    await this.#asking
    if (this.#taken === before && this.#untold.size > 0) await this.#ask()
    return this.#taken > before
  }

  #schedule(milliseconds: number): void {
    if (this.#asking || this.#untold.size + this.#received.size === 0) return
    const due = Date.now() + milliseconds
    if (due >= this.#due) return
    clearTimeout(this.#timer)
    this.#due = due
    this.#timer = setTimeout(() => void this.#ask(), milliseconds)
  }

  #ask(): Promise<void> {
    clearTimeout(this.#timer)
    this.#due = Infinity
    this.#asking ??= this.#askNow()
      .finally(() => (this.#asking = null))
      .then((wait) => this.#schedule(wait))
    return this.#asking
  }

  /** Resolves to how long to wait before the next question. */
  async #askNow(): Promise<number> {
    const untold = [...this.#untold.values()].slice(0, MOST_COMPLETED)
    const others = [...this.#received.values()].slice(0, Math.max(0, ASKED_AT_ONCE - untold.length))
    const asked = [...untold, ...others]
    // A report has told of all of them meanwhile.
    if (asked.length === 0) return 0
    let outcomes: Outcome[]
    try {
      outcomes = await this.server.completeMany(asked.map(({ uploadId }) => uploadId!))
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      this.#wait = Math.min(SLOWEST_TICK_MS, this.#wait * 1.3)
      return Math.max(this.#wait, (error.retryAfterSeconds ?? 0) * 1000)
    }
    const byId = new Map(outcomes.map((outcome) => [outcome.id, outcome]))
    const finished = asked.map((upload) => this.#take(upload, byId.get(upload.uploadId!)))
    // While files come through, ask on at once; while they don't, more and more seldom.
    this.#wait = finished.some(Boolean) ? TICK_MS : Math.min(SLOWEST_TICK_MS, this.#wait * 1.3)
    if (finished.every(Boolean)) return 0
    return this.#untold.size > untold.length ? TELL_MS : this.#wait
  }

  /** Whether the upload needs no more following. */
  #take(upload: Upload, outcome: Outcome | undefined): boolean {
    if (outcome?.state === 'waiting') return false
    if (this.#untold.delete(upload.key)) this.#taken += 1
    if (outcome?.state === 'received') {
      this.#received.set(upload.key, upload)
      return false
    }
    this.#received.delete(upload.key)
    upload.itemId = outcome?.itemId ?? null
    upload.reason = reasonOf(outcome)
    upload.code = outcome?.error?.code ?? null
    upload.state = outcome?.state === 'ready' || outcome?.state === 'duplicate' ? outcome.state : 'failed'
    if (upload.state === 'failed') upload.uploadId = null
    this.onSettled(upload)
    return true
  }
}

function reasonOf(outcome: Outcome | undefined): string {
  if (outcome === undefined) return texts.uploads.forgotten
  if (outcome.state === 'duplicate') return texts.uploads.duplicate
  if (outcome.state === 'aborted') return texts.uploads.cancelledElsewhere
  return outcome.error ? sentenceOf(outcome.error.code, null, outcome.error.detail) : ''
}
