import { Problem } from '../api/problem'
import type { Upload } from './upload'
import type { UploadServer } from './uploadServer'

const TICK_MS = 1000
const ASKED_AT_ONCE = 5
const SLOWEST_TICK_MS = 10_000

/** Follows what the server makes of files that it has, the ones that came first, first. */
export class Follower {
  #followed = new Map<string, Upload>()
  #timer: ReturnType<typeof setTimeout> | undefined
  #asking = false
  #wait = TICK_MS

  constructor(
    private readonly server: Pick<UploadServer, 'status'>,
    private readonly onSettled: (upload: Upload) => void,
  ) {}

  follow(upload: Upload): void {
    this.#followed.set(upload.key, upload)
    this.hurry()
  }

  forget(upload: Upload): void {
    this.#followed.delete(upload.key)
  }

  /** Ask soon: something has happened in the library. */
  hurry(): void {
    this.#wait = TICK_MS
    this.#schedule(Math.min(TICK_MS, 300))
  }

  #schedule(milliseconds: number): void {
    if (this.#asking || this.#followed.size === 0) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#ask(), milliseconds)
  }

  async #ask(): Promise<void> {
    this.#asking = true
    const asked = [...this.#followed.values()].slice(0, ASKED_AT_ONCE)
    const finished = await Promise.all(asked.map((upload) => this.#look(upload)))
    this.#asking = false
    // While files come through, ask on at once; while they don't, more and more seldom.
    const isMoving = finished.some(Boolean)
    this.#wait = isMoving ? TICK_MS : Math.min(SLOWEST_TICK_MS, this.#wait * 1.3)
    this.#schedule(finished.every(Boolean) ? 0 : this.#wait)
  }

  /** Whether the upload needs no more following. */
  async #look(upload: Upload): Promise<boolean> {
    try {
      const status = await this.server.status(upload.uploadId!)
      if (status.state === 'waiting' || status.state === 'received') {
        this.#toTheBack(upload)
        return false
      }
      upload.itemId = status.itemId
      upload.reason = reasonOf(status)
      this.#settle(upload, status.state === 'aborted' ? 'failed' : status.state)
    } catch (error) {
      if (!(error instanceof Problem) || error.passing || error.status === 401) return false
      upload.reason = error.message
      this.#settle(upload, 'failed')
    }
    return true
  }

  #settle(upload: Upload, state: 'ready' | 'duplicate' | 'failed'): void {
    upload.state = state
    if (state === 'failed') upload.uploadId = null
    this.#followed.delete(upload.key)
    this.onSettled(upload)
  }

  #toTheBack(upload: Upload): void {
    if (!this.#followed.delete(upload.key)) return
    this.#followed.set(upload.key, upload)
  }
}

function reasonOf(status: Awaited<ReturnType<UploadServer['status']>>): string {
  if (status.state === 'duplicate') return 'Already in your library'
  if (status.state === 'aborted') return 'The upload was cancelled elsewhere.'
  return status.error?.detail ?? ''
}
