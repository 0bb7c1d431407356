import { MOST_COMPLETED } from '../api/constants'
import { isAsNoted, type Journal, type JournalEntry, reopen } from './journal'
import { type Pause, withRetries } from './retrying'
import type { TakenShares } from './takenShares'
import type { Upload } from './upload'
import type { UploadQueue } from './uploadQueue'
import type { OpenUpload, UploadServer } from './uploadServer'

const NOT_BEGUN: readonly Upload['state'][] = ['missing', 'asleep', 'queued']

/** Brings back what an earlier visit had begun to upload, and what other apps have shared, and shows what another device has. */
export class Resumption {
  #asleep: JournalEntry[] = []

  constructor(
    private readonly queue: UploadQueue,
    private readonly journal: Journal,
    private readonly shares: Pick<TakenShares, 'take' | 'has'>,
    private readonly server: Pick<UploadServer, 'open' | 'completeMany'>,
    private readonly pause: Pause,
  ) {}

  async begin(): Promise<void> {
    const shared = await this.shares.take()
    // What was chosen while the page was still looking is of this visit.
    const entries = (await this.journal.entries()).filter(({ id }) => !this.queue.uploads.has(id))
    for (const entry of entries) {
      const file = shared.get(entry.id)
      if (file) this.#addShared(file, entry)
      // Another tab has it.
      else if (await this.shares.has(entry.id)) continue
      else await this.#bringBack(entry)
      shared.delete(entry.id)
    }
    for (const [id, file] of shared) this.#addShared(file, { id, sha256: null })
    const begunHere = new Map(entries.map(({ sha256, id }) => [sha256, id]))
    // Who opens the page without a network has the server asked when there is one.
    const { open, waiting } = await withRetries(this.pause, new AbortController().signal, async () => {
      const open = await this.server.open()
      return { open, waiting: await this.#stillWaiting(open) }
    })
    for (const { id, filename, sizeBytes, sha256 } of open) {
      const here = begunHere.get(sha256)
      if (here !== undefined) await this.#noteOpen(here, id, waiting.has(id))
      else if (waiting.has(id) && !this.#isListed(sha256)) {
        this.queue.addAbsent('elsewhere', { key: id, name: filename, size: sizeBytes, sha256, uploadId: id })
      }
    }
    this.queue.checkMissing()
  }

  /** Takes what other apps have shared, or what was `confirmed` of it, while another tab goes on with what an earlier visit began. */
  async takeShared(confirmed: readonly string[] = []): Promise<void> {
    for (const [id, file] of await this.shares.take(confirmed)) this.#addShared(file, { id, sha256: null })
  }

  /** Those that lack bytes: of what an earlier visit sent, the server may not have been told. */
  async #stillWaiting(open: OpenUpload[]): Promise<Set<string>> {
    const ids = idsOfWaiting(open)
    const waiting = new Set(ids)
    for (let start = 0; start < ids.length; start += MOST_COMPLETED) {
      const told = await this.server.completeMany(ids.slice(start, start + MOST_COMPLETED))
      for (const { id, state } of told) if (state !== 'waiting') waiting.delete(id)
    }
    return waiting
  }

  async wake(): Promise<void> {
    const entries = this.#asleep.filter(({ id }) => this.queue.uploads.has(id))
    this.#asleep = []
    for (const entry of entries) if ((await this.#ask(entry)) === 'prompt') break
    for (const entry of entries) if (this.queue.uploads.has(entry.id)) await this.#bringBack(entry)
  }

  /** Take off the list what other devices have done, and files that came into the library by another way. */
  async lookAgain(): Promise<void> {
    this.queue.checkMissing()
    const elsewhere = [...this.queue.uploads.values()].filter(({ state }) => state === 'elsewhere')
    if (elsewhere.length === 0) return
    const open = new Set(idsOfWaiting(await this.server.open()))
    for (const upload of elsewhere) if (!open.has(upload.key)) await this.queue.remove(upload)
  }

  /** `prompt` when the browser was told nothing, or asks no more before the next click. */
  async #ask({ folder, handle }: JournalEntry): Promise<PermissionState> {
    const root = folder ?? handle!
    if ((await root.queryPermission({ mode: 'read' })) === 'granted') return 'granted'
    try {
      return await root.requestPermission({ mode: 'read' })
    } catch (error) {
      if (error instanceof DOMException) return 'prompt'
      throw error
    }
  }

  #addShared(file: File, { id, sha256 }: Pick<JournalEntry, 'id' | 'sha256'>): void {
    this.queue.add({ file, handle: null, folder: null, path: null }, { key: id, sha256 })
  }

  async #bringBack(entry: JournalEntry): Promise<void> {
    const { id, name, sizeBytes, sha256 } = entry
    const before = this.queue.uploads.get(id)
    const source = await reopen(entry)
    // Chosen again, or taken off the list, meanwhile.
    if (this.queue.uploads.get(id) !== before) return
    if (typeof source === 'object') {
      this.queue.add(source, { key: id, sha256: isAsNoted(entry, source.file) ? sha256 : null })
      return
    }
    // One line is enough for what was chosen again before it was known to be lacking.
    if (this.queue.list.hasFile(entry)) return this.journal.forget(id)
    if (source === 'locked') this.#asleep.push(entry)
    const state = source === 'locked' ? 'asleep' : 'missing'
    const { uploadId = null } = before ?? {}
    this.queue.addAbsent(state, { key: id, name, size: sizeBytes, sha256, uploadId })
  }

  async #noteOpen(key: string, uploadId: string, isWaiting: boolean): Promise<void> {
    const upload = this.queue.uploads.get(key)
    if (!upload) return
    upload.uploadId ??= uploadId
    if (!isWaiting && NOT_BEGUN.includes(upload.state)) await this.queue.arrived(upload)
  }

  #isListed(sha256: string): boolean {
    return [...this.queue.uploads.values()].some((upload) => upload.sha256 === sha256)
  }
}

function idsOfWaiting(open: OpenUpload[]): string[] {
  return open.filter(({ state }) => state === 'waiting').map(({ id }) => id)
}
