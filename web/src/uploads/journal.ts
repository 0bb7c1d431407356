import type { Storage } from '../storage'
import type { FileSource } from './droppedFiles'
import type { TakenShares } from './takenShares'

/** What is needed to go on with a file after a reload; without a handle, to ask for the file again. */
export type JournalEntry = {
  id: string
  userId: number
  handle: FileSystemFileHandle | null
  folder: FileSystemDirectoryHandle | null
  path: string | null
  name: string
  sizeBytes: number
  lastModified: number
  sha256: string | null
}

/** Remembers unfinished uploads of one user across reloads: files that were shared are kept as long. */
export class Journal {
  constructor(
    private readonly storage: () => Promise<Storage>,
    private readonly shares: Pick<TakenShares, 'forget'>,
    private readonly userId: () => number,
  ) {}

  async note(id: string, { file, handle, folder, path }: FileSource, sha256: string | null): Promise<void> {
    const { name, size: sizeBytes, lastModified } = file
    const entry = { id, userId: this.userId(), handle, folder, path, name, sizeBytes, lastModified, sha256 }
    await (await this.storage()).put('uploads', entry)
  }

  async forget(id: string): Promise<void> {
    await this.shares.forget(id)
    await this.unnote(id)
  }

  /** Forgets it, but for what was shared of it. */
  async unnote(id: string): Promise<void> {
    await (await this.storage()).delete('uploads', id)
  }

  async entries(): Promise<JournalEntry[]> {
    const all = await (await this.storage()).getAll('uploads')
    return all.filter((entry) => entry.userId === this.userId())
  }
}

/** The file of an entry: `locked` until its user is asked, `gone` when there is no way to it. */
export async function reopen({ handle, folder, path }: JournalEntry): Promise<FileSource | 'locked' | 'gone'> {
  if (handle === null) return 'gone'
  if ((await (folder ?? handle).queryPermission({ mode: 'read' })) !== 'granted') return 'locked'
  try {
    return { file: await handle.getFile(), handle, folder, path }
  } catch (error) {
    if (error instanceof DOMException) return 'gone'
    throw error
  }
}

/** Whether a file is still the one that was noted; if not, its hash is another. */
export function isAsNoted({ sizeBytes, lastModified }: JournalEntry, file: File): boolean {
  return file.size === sizeBytes && file.lastModified === lastModified
}
