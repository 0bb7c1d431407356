import { type Journal, type JournalEntry, reopen } from './journal'
import type { UploadQueue } from './uploadQueue'
import type { UploadServer } from './uploadServer'

/** Brings back what an earlier visit, or another device, had begun to upload. */
export class Resumption {
  #asleep: JournalEntry[] = []

  constructor(
    private readonly queue: UploadQueue,
    private readonly journal: Journal,
    private readonly server: Pick<UploadServer, 'open'>,
  ) {}

  async begin(): Promise<void> {
    const entries = await this.journal.entries()
    const known = new Set(entries.map(({ sha256 }) => sha256))
    for (const entry of entries) await this.#bringBack(entry)
    for (const open of await this.server.open()) {
      if (!known.has(open.sha256) && !this.#isListed(open.sha256)) this.queue.addMissing(open)
    }
  }

  async wake(): Promise<void> {
    const entries = this.#asleep.filter(({ id }) => this.queue.uploads.has(id))
    this.#asleep = []
    const roots = new Set<FileSystemHandle>()
    for (const entry of entries) {
      const root = entry.folder ?? entry.handle
      if (await isAmong(root, roots)) continue
      roots.add(root)
      await root.requestPermission({ mode: 'read' })
    }
    for (const entry of entries) await this.#bringBack(entry)
  }

  async #bringBack(entry: JournalEntry): Promise<void> {
    const source = await reopen(entry)
    if (source === 'locked') {
      this.#asleep.push(entry)
      this.queue.addAsleep(entry.id, entry.name, entry.sizeBytes)
    } else if (source === 'changed') {
      await this.journal.forget(entry.id)
    } else {
      this.queue.add(source, { key: entry.id, sha256: entry.sha256 })
    }
  }

  #isListed(sha256: string): boolean {
    return [...this.queue.uploads.values()].some((upload) => upload.sha256 === sha256)
  }
}

async function isAmong(handle: FileSystemHandle, others: Iterable<FileSystemHandle>): Promise<boolean> {
  for (const other of others) if (await handle.isSameEntry(other)) return true
  return false
}
