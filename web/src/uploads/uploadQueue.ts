import { Problem, sentenceOf } from '../api/problem'
import { texts } from '../texts/texts'
import { Batch } from './batch'
import type { FileSource } from './droppedFiles'
import type { Follower } from './follower'
import type { Journal } from './journal'
import { type Pause, reasonOf, withRetries } from './retrying'
import { SameBytes } from './sameBytes'
import { type Sending, sendParts, sendSingle } from './sendFile'
import { isUnreadable, mayBeOpen, needsThePage, newUpload, type Upload } from './upload'
import { isSameFile, take, UploadList } from './uploadList'

const FILES_AT_ONCE = 3
const CHECK_AT_ONCE = 200

/**
 * Takes files through hashing, the question whether the library has them, and sending. What the server makes of
 * them then is the follower's matter.
 */
export class UploadQueue {
  readonly list = new UploadList()
  readonly uploads = this.list.byKey

  /** In the order they came. */
  #toHash = new Set<Upload>()
  #toSend = new Set<Upload>()
  #aborts = new Map<string, AbortController>()
  #same = new SameBytes()
  #hashing = false
  #sending = 0
  #paused = false
  readonly #checks: Batch<Upload>

  constructor(
    private readonly work: Sending,
    private readonly journal: Pick<Journal, 'note' | 'unnote' | 'forget'>,
    private readonly follower: Pick<Follower, 'follow' | 'report'>,
    private readonly onChange: () => void,
  ) {
    this.#checks = new Batch(CHECK_AT_ONCE, (uploads) => this.#check(uploads))
  }

  /** A file to upload; `known` is what an earlier visit had noted of it. */
  add(source: FileSource, known?: { key: string; sha256: string | null }): Upload {
    const { name, size } = source.file
    const { key, sha256 } = known ?? { key: crypto.randomUUID(), sha256: null }
    const upload = newUpload({ key, name, size, source, state: 'queued', sha256, uploadId: null })
    const isNamedSo = (other: Upload) => other.name === upload.name
    this.#replace(known ? this.uploads.get(key) : this.list.findAbsent(size, isNamedSo), upload)
    const earlier = this.list.findEarlier(upload)
    if (earlier) this.#release(earlier)
    this.#replace(earlier, upload)
    this.list.add(upload)
    if (size === 0) {
      this.#set(upload, { state: 'failed', code: 'empty_file', reason: sentenceOf('empty_file', null, '') })
      if (known) void this.journal.forget(key)
      return upload
    }
    this.#remember(upload)
    this.#toHash.add(upload)
    this.#pump()
    return upload
  }

  /** An upload that was begun earlier, or elsewhere, and whose file is not at hand. */
  addAbsent(
    state: 'asleep' | 'missing' | 'elsewhere',
    known: Pick<Upload, 'key' | 'name' | 'size' | 'sha256' | 'uploadId'>,
  ): void {
    const upload = newUpload({ ...known, source: null, state })
    this.list.addAbsent(upload)
    this.onChange()
  }

  /** Look whether files that are missing have come into the library by another way. */
  checkMissing(): void {
    for (const upload of this.list.missing()) if (upload.sha256 !== null) this.#checks.add(upload)
  }

  /** Begin anew with a file that failed: it may have changed since. */
  retry(upload: Upload): void {
    upload.sha256 = null
    this.#putBack(upload)
  }

  /** What the server made of an upload is known. */
  settle(upload: Upload): void {
    if (isUnreadable(upload)) this.#same.noteUnreadable(upload)
    if (upload.state === 'failed') this.#release(upload)
    this.onChange()
  }

  /** Give up an upload that is not finished, or take a finished one, or one of another device, off the list. */
  async remove(upload: Upload): Promise<void> {
    // It comes too late: the server has the bytes, and keeps the photo.
    if (upload.state === 'processing') return
    const wasOpen = mayBeOpen(upload)
    this.list.drop(upload)
    this.#toHash.delete(upload)
    this.#toSend.delete(upload)
    this.#aborts.get(upload.key)?.abort()
    this.#release(upload)
    this.onChange()
    if (this.#same.first(upload.sha256)) await this.journal.forget(upload.key)
    else await this.#forget(upload)
    if (!wasOpen) return
    try {
      await this.#abandon(upload)
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'upload_not_waiting') throw error
      // It came too late: the server has the bytes, and keeps the photo.
      this.uploads.set(upload.key, upload)
      await this.arrived(upload)
    }
  }

  /** The server has the bytes: nothing is left to do for them here. */
  async arrived(upload: Upload): Promise<void> {
    this.#toHash.delete(upload)
    this.list.noLongerAbsent(upload)
    this.#set(upload, { state: 'processing', sent: upload.size, reason: '' })
    await this.#forget(upload)
    this.follower.follow(upload)
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

  #putBack(upload: Upload): void {
    Object.assign(upload, { state: 'queued', sent: 0, itemId: null, reason: '', code: null } satisfies Partial<Upload>)
    this.#remember(upload)
    this.#toHash.add(upload)
    this.#pump()
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
        await this.#latestFile(upload),
        (hashed) => this.#set(upload, { hashed }),
        this.#signal(upload),
      )
      // Its last bytes were being read as it was taken off the list.
      if (!this.uploads.has(upload.key)) return
      this.#set(upload, { hashed: upload.size, state: 'checking' })
      this.#replace(this.list.findAbsent(upload.size, (other) => other.sha256 === upload.sha256), upload)
      const why = this.#same.whyUnreadable(upload)
      if (why) {
        this.#finish(upload, { state: 'failed', ...why })
        this.#release(upload)
      } else if (this.#claim(upload)) {
        this.#checks.add(upload)
        this.#remember(upload)
      }
    } catch (error) {
      this.#fail(upload, error)
    } finally {
      this.#hashing = false
      this.#pump()
    }
  }

  /** The file as it is now. Without a handle there is only the one that was chosen, unreadable once it changes. */
  async #latestFile(upload: Upload): Promise<File> {
    const source = upload.source!
    if (source.handle) {
      upload.source = { ...source, file: await source.handle.getFile() }
      upload.size = upload.source.file.size
    }
    return upload.source!.file
  }

  /** False when another file on the list has the same bytes: one of them is enough. */
  #claim(upload: Upload): boolean {
    const first = this.#same.join(upload)
    if (first === upload) return true
    if (needsThePage(first)) {
      this.#same.keep(upload)
      void this.journal.unnote(upload.key)
    } else void this.journal.forget(upload.key)
    if (isSameFile(first, upload) && needsThePage(first)) {
      this.#same.leave(upload)
      this.list.drop(upload)
      return false
    }
    const reason = first.itemId ? texts.uploads.duplicate : texts.uploads.sameAs(first.name)
    this.list.noLongerAbsent(upload)
    this.#set(upload, { sent: upload.size, state: 'duplicate', itemId: first.itemId, reason })
    return false
  }

  /** Stands for others of the same bytes no longer: the next of them takes its place. */
  #release(upload: Upload): void {
    const next = this.#same.leave(upload)
    if (next) this.#putBack(next)
  }

  /** Leave nothing open on the server, unless another file of the same bytes goes on with it. */
  async #abandon({ uploadId, sha256 }: Upload): Promise<void> {
    if (uploadId === null) return
    const heir = this.#same.first(sha256)
    if (heir) heir.uploadId ??= uploadId
    else await this.work.server.abort(uploadId)
  }

  /** A file that was lacking, or came before, is here: one line of the list is enough. */
  #replace(earlier: Upload | undefined, upload: Upload): void {
    if (!earlier) return
    if (earlier.state !== 'elsewhere') upload.uploadId ??= earlier.uploadId
    this.list.drop(earlier)
    if (earlier.key !== upload.key) void this.journal.forget(earlier.key)
  }

  async #check(uploads: Upload[]): Promise<void> {
    try {
      const existing = await this.work.server.existing(uploads.map(({ sha256 }) => sha256!))
      for (const upload of uploads.filter(({ key }) => this.uploads.has(key))) {
        const itemId = existing[upload.sha256!]
        if (itemId) this.#finish(upload, { state: 'duplicate', itemId, reason: texts.uploads.duplicate })
        else if (upload.source) this.#wait(upload)
      }
    } catch (error) {
      // The question only spares work: beginning the upload answers it too, and is tried again when that fails.
      if (!(error instanceof Problem)) throw error
      for (const upload of uploads.filter(({ key, source }) => source && this.uploads.has(key))) this.#wait(upload)
    }
    this.#pump()
  }

  async #send(upload: Upload): Promise<void> {
    this.#sending += 1
    this.#set(upload, { state: 'sending', sent: 0 })
    const { file, path } = upload.source!
    const signal = this.#signal(upload)
    const progress = (sent: number) => this.#set(upload, { sent, reason: '' })
    const pause: Pause = async (milliseconds, _, trouble) => {
      const isAway = trouble instanceof Problem && trouble.status === 0
      if (!isAway && !(trouble instanceof Problem && trouble.isWait)) {
        this.#set(upload, { reason: trouble.message })
        return this.work.pause(milliseconds, signal, trouble)
      }
      this.#set(upload, { state: 'waiting', sent: 0, reason: isAway ? texts.uploads.noConnection : texts.uploads.serverBusy })
      // At a limit of what is open, room is made by telling what has arrived.
      const hasRoom = trouble.code === 'too_many_uploads' && (await this.follower.report())
      if (!hasRoom) await this.work.pause(milliseconds, signal, trouble)
      if (!signal.aborted) this.#set(upload, { state: 'sending', reason: '' })
    }
    try {
      const begun = await withRetries(pause, signal, () => this.work.server.begin(file, path, upload.sha256!))
      await this.#noteBegun(upload, begun.state === 'duplicate' ? null : begun.id)
      if (begun.state === 'duplicate') {
        this.#finish(upload, { state: 'duplicate', itemId: begun.itemId, reason: texts.uploads.duplicate })
        return
      }
      if (signal.aborted) {
        await this.#abandon(upload)
        return
      }
      const work = { ...this.work, pause }
      if (begun.method === 'single') await sendSingle(file, begun, work, progress, signal)
      else await sendParts(file, begun, work, progress, signal)
      await this.arrived(upload)
    } catch (error) {
      this.#fail(upload, error)
    } finally {
      this.#sending -= 1
      this.#aborts.delete(upload.key)
      this.#pump()
    }
  }

  /** What was open of a file that has changed since is of no use any more. */
  async #noteBegun(upload: Upload, uploadId: string | null): Promise<void> {
    const earlier = upload.uploadId
    upload.uploadId = uploadId
    if (earlier === null || earlier === uploadId) return
    // If this fails, it expires by itself.
    await this.work.server.abort(earlier).catch(() => {})
  }

  #signal(upload: Upload): AbortSignal {
    const abort = this.#aborts.get(upload.key) ?? new AbortController()
    this.#aborts.set(upload.key, abort)
    return abort.signal
  }

  #fail(upload: Upload, error: unknown): void {
    if (!this.uploads.has(upload.key) || this.#aborts.get(upload.key)?.signal.aborted) return
    if (error instanceof Problem && error.status === 401) {
      this.pause()
      this.#wait(upload)
      this.onChange()
      return
    }
    this.#set(upload, { state: 'failed', reason: reasonOf(error), code: error instanceof Problem ? error.code : null })
    this.#release(upload)
  }

  #finish(upload: Upload, outcome: Partial<Upload>): void {
    this.list.noLongerAbsent(upload)
    this.#set(upload, { sent: upload.size, ...outcome })
    void this.#forget(upload)
  }

  /** Its bytes are there, or nobody wants them any more. */
  async #forget(upload: Upload): Promise<void> {
    await Promise.all([upload.key, ...this.#same.takeKept(upload)].map((key) => this.journal.forget(key)))
  }

  #remember(upload: Upload): void {
    if (upload.source && needsThePage(upload)) void this.journal.note(upload.key, upload.source, upload.sha256)
  }
}
