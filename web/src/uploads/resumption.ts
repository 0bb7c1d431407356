import { isAsNoted, type Journal, type JournalEntry, reopen } from './journal'
import type { UploadQueue } from './uploadQueue'
import type { UploadServer } from './uploadServer'

/** Brings back what an earlier visit had begun to upload, and shows what another device has. */
export class Resumption {
  #asleep: JournalEntry[] = []

  constructor(
    private readonly queue: UploadQueue,
    private readonly journal: Journal,
    private readonly server: Pick<UploadServer, 'open'>,
  ) {}

  async begin(): Promise<void> {
    const entries = await this.journal.entries()
    for (const entry of entries) await this.#bringBack(entry)
    const begunHere = new Map(entries.map(({ sha256, id }) => [sha256, id]))
    for (const { id, filename, sizeBytes, sha256 } of await this.server.open()) {
      const here = begunHere.get(sha256)
      if (here !== undefined) this.#noteOpen(here, id)
      else if (!this.#isListed(sha256)) {
        this.queue.addAbsent('elsewhere', { key: id, name: filename, size: sizeBytes, sha256, uploadId: id })
      }
    }
    this.queue.checkMissing()
  }

  async wake(): Promise<void> {
    const entries = this.#asleep.filter(({ id }) => this.queue.uploads.has(id))
    for (const entry of entries) if ((await this.#ask(entry)) === 'prompt') break
    this.#asleep = []
    for (const entry of entries) await this.#bringBack(entry)
  }

  /** Take off the list what other devices have done, and files that came into the library by another way. */
  async lookAgain(): Promise<void> {
    this.queue.checkMissing()
    const elsewhere = [...this.queue.uploads.values()].filter(({ state }) => state === 'elsewhere')
    if (elsewhere.length === 0) return
    const open = new Set((await this.server.open()).map(({ id }) => id))
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

  async #bringBack(entry: JournalEntry): Promise<void> {
    const { id, name, sizeBytes, sha256 } = entry
    const source = await reopen(entry)
    if (typeof source === 'object') {
      this.queue.add(source, { key: id, sha256: isAsNoted(entry, source.file) ? sha256 : null })
      return
    }
    if (source === 'locked') this.#asleep.push(entry)
    const state = source === 'locked' ? 'asleep' : 'missing'
    const { uploadId = null } = this.queue.uploads.get(id) ?? {}
    this.queue.addAbsent(state, { key: id, name, size: sizeBytes, sha256, uploadId })
  }

  #noteOpen(key: string, uploadId: string): void {
    const upload = this.queue.uploads.get(key)
    if (upload) upload.uploadId ??= uploadId
  }

  #isListed(sha256: string): boolean {
    return [...this.queue.uploads.values()].some((upload) => upload.sha256 === sha256)
  }
}
