import { messageOf, Problem } from '../api/problem'
import { Batch } from './batch'
import type { FileSource } from './droppedFiles'
import type { Follower } from './follower'
import type { Journal } from './journal'
import { withRetries } from './retrying'
import { type Sending, sendParts, sendSingle } from './sendFile'
import { needsThePage, type Upload } from './upload'
import type { OpenUpload } from './uploadServer'

const FILES_AT_ONCE = 3
const CHECK_AT_ONCE = 200
const UNREADABLE = ['NotReadableError', 'NotFoundError']

/**
 * Takes files through hashing, the question whether the library has them, and sending. What the server makes of
 * them then is the follower's matter.
 */
export class UploadQueue {
  readonly uploads = new Map<string, Upload>()

  /** In the order they came. */
  #toHash = new Set<Upload>()
  #toSend = new Set<Upload>()
  #aborts = new Map<string, AbortController>()
  #bySha256 = new Map<string, Upload>()
  #hashing = false
  #sending = 0
  #paused = false
  readonly #checks: Batch<Upload>

  constructor(
    private readonly work: Sending,
    private readonly journal: Pick<Journal, 'note' | 'forget'>,
    private readonly follower: Pick<Follower, 'follow' | 'forget'>,
    private readonly onChange: () => void,
  ) {
    this.#checks = new Batch(CHECK_AT_ONCE, (uploads) => this.#check(uploads))
  }

  add(source: FileSource, known: { key?: string; sha256?: string | null } = {}): Upload {
    const { name, size } = source.file
    const key = known.key ?? crypto.randomUUID()
    const upload: Upload = {
      key,
      name,
      size,
      source,
      state: 'queued',
      hashed: 0,
      sent: 0,
      sha256: known.sha256 ?? null,
      uploadId: null,
      itemId: null,
      reason: '',
    }
    this.uploads.set(key, upload)
    this.#forgetMissing((other) => other.name === name && other.size === size)
    this.#remember(upload)
    this.#toHash.add(upload)
    this.#pump()
    return upload
  }

  /** An upload that was begun earlier, and whose file is not at hand. */
  addMissing(open: OpenUpload): void {
    this.uploads.set(open.id, {
      key: open.id,
      name: open.filename,
      size: open.sizeBytes,
      source: null,
      state: 'missing',
      hashed: 0,
      sent: 0,
      sha256: open.sha256,
      uploadId: open.id,
      itemId: null,
      reason: '',
    })
    this.onChange()
  }

  addAsleep(key: string, name: string, size: number): void {
    const nothing = { source: null, hashed: 0, sent: 0, sha256: null, uploadId: null, itemId: null, reason: '' }
    this.uploads.set(key, { key, name, size, state: 'asleep', ...nothing })
    this.onChange()
  }

  retry(upload: Upload): void {
    Object.assign(upload, { state: 'queued', sent: 0, reason: '', uploadId: null } satisfies Partial<Upload>)
    this.#toHash.add(upload)
    this.#pump()
  }

  /** Give up an upload that is not finished, or take a finished one off the list. */
  async remove(upload: Upload): Promise<void> {
    const begun = upload.uploadId !== null && (needsThePage(upload) || upload.state === 'missing')
    this.uploads.delete(upload.key)
    this.#toHash.delete(upload)
    this.#toSend.delete(upload)
    this.#aborts.get(upload.key)?.abort()
    this.#release(upload)
    this.follower.forget(upload)
    this.onChange()
    await this.journal.forget(upload.key)
    if (begun) await this.work.server.abort(upload.uploadId!)
  }

  /** Nothing new begins until `resume`; what was interrupted begins again then. */
  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#pump()
  }

  #set(upload: Upload, change: Partial<Upload>): void {
    Object.assign(upload, change)
    this.onChange()
  }

  #pump(): void {
    this.onChange()
    if (this.#paused) return
    if (!this.#hashing) {
      const next = take(this.#toHash)
      if (next) void this.#hash(next)
      else this.#checks.flush()
    }
    while (this.#sending < FILES_AT_ONCE) {
      const next = take(this.#toSend)
      if (!next) return
      void this.#send(next)
    }
  }

  #wait(upload: Upload): void {
    upload.state = 'waiting'
    upload.sent = 0
    this.#toSend.add(upload)
  }

  async #hash(upload: Upload): Promise<void> {
    this.#hashing = true
    this.#set(upload, { state: 'hashing', hashed: 0 })
    try {
      upload.sha256 ??= await this.work.hash(
        upload.source!.file,
        (hashed) => this.#set(upload, { hashed }),
        this.#signal(upload),
      )
      this.#set(upload, { hashed: upload.size, state: 'checking' })
      this.#forgetMissing((other) => other.sha256 === upload.sha256)
      if (this.#claim(upload)) this.#checks.add(upload)
      this.#remember(upload)
    } catch (error) {
      const isUnreadable = error instanceof Error && UNREADABLE.includes(error.name)
      this.#fail(upload, error, isUnreadable ? 'The file can’t be read. It may have been moved or changed.' : undefined)
    } finally {
      this.#hashing = false
      this.#pump()
    }
  }

  /** False when another file on the list has the same bytes: one of them is enough. */
  #claim(upload: Upload): boolean {
    const twin = this.#bySha256.get(upload.sha256!)
    if (twin && twin !== upload) {
      const reason = twin.itemId ? 'Already in your library' : `The same file as ${twin.name}`
      this.#finish(upload, { state: 'duplicate', itemId: twin.itemId, reason })
      return false
    }
    this.#bySha256.set(upload.sha256!, upload)
    return true
  }

  #release(upload: Upload): void {
    if (upload.sha256 && this.#bySha256.get(upload.sha256) === upload) this.#bySha256.delete(upload.sha256)
  }

  #forgetMissing(isTheSame: (other: Upload) => boolean): void {
    for (const other of this.uploads.values()) {
      if (other.state === 'missing' && isTheSame(other)) this.uploads.delete(other.key)
    }
  }

  async #check(uploads: Upload[]): Promise<void> {
    try {
      const existing = await this.work.server.existing(uploads.map(({ sha256 }) => sha256!))
      for (const upload of uploads.filter((upload) => this.uploads.has(upload.key))) {
        const itemId = existing[upload.sha256!]
        if (itemId) this.#finish(upload, { state: 'duplicate', itemId, reason: 'Already in your library' })
        else this.#wait(upload)
      }
    } catch (error) {
      // The question only spares work: beginning the upload answers it too, and is tried again when that fails.
      if (!(error instanceof Problem)) throw error
      for (const upload of uploads.filter((upload) => this.uploads.has(upload.key))) this.#wait(upload)
    }
    this.#pump()
  }

  async #send(upload: Upload): Promise<void> {
    this.#sending += 1
    this.#set(upload, { state: 'sending', sent: 0 })
    const { file } = upload.source!
    const signal = this.#signal(upload)
    const progress = (sent: number) => this.#set(upload, { sent })
    try {
      const begun = await withRetries(this.work.pause, signal, () => this.work.server.begin(file, upload.sha256!))
      if (begun.state === 'duplicate') {
        this.#finish(upload, { state: 'duplicate', itemId: begun.itemId, reason: 'Already in your library' })
        return
      }
      upload.uploadId = begun.id
      if (begun.method === 'single') await sendSingle(file, begun, this.work, progress, signal)
      else await sendParts(file, begun, this.work, progress, signal)
      this.#set(upload, { state: 'processing', sent: upload.size })
      await this.journal.forget(upload.key)
      this.follower.follow(upload)
    } catch (error) {
      this.#fail(upload, error)
    } finally {
      this.#sending -= 1
      this.#aborts.delete(upload.key)
      this.#pump()
    }
  }

  #signal(upload: Upload): AbortSignal {
    const abort = this.#aborts.get(upload.key) ?? new AbortController()
    this.#aborts.set(upload.key, abort)
    return abort.signal
  }

  #fail(upload: Upload, error: unknown, reason = messageOf(error)): void {
    if (!this.uploads.has(upload.key)) return
    if (error instanceof Problem && error.status === 401) {
      this.pause()
      this.#wait(upload)
      this.onChange()
      return
    }
    this.#release(upload)
    this.#set(upload, { state: 'failed', reason })
  }

  #finish(upload: Upload, outcome: Partial<Upload>): void {
    this.#set(upload, { sent: upload.size, ...outcome })
    void this.journal.forget(upload.key)
  }

  #remember(upload: Upload): void {
    if (upload.source && needsThePage(upload)) void this.journal.note(upload.key, upload.source, upload.sha256)
  }
}

function take<T>(things: Set<T>): T | undefined {
  const [first] = things
  if (first !== undefined) things.delete(first)
  return first
}
