import type { Storage } from '../storage'
import type { FileSource } from './droppedFiles'

/** What is needed to go on with a file after a reload: kept for those the browser gave a handle for. */
export type JournalEntry = {
  id: string
  userId: number
  handle: FileSystemFileHandle
  folder: FileSystemDirectoryHandle | null
  name: string
  sizeBytes: number
  lastModified: number
  sha256: string | null
}

/** Remembers unfinished uploads of one user across reloads. */
export class Journal {
  constructor(
    private readonly storage: Promise<Storage>,
    private readonly userId: () => number,
  ) {}

  async note(id: string, { file, handle, folder }: FileSource, sha256: string | null): Promise<void> {
    if (handle === null) return
    const { name, size: sizeBytes, lastModified } = file
    const entry = { id, userId: this.userId(), handle, folder, name, sizeBytes, lastModified, sha256 }
    await (await this.storage).put('uploads', entry)
  }

  async forget(id: string): Promise<void> {
    await (await this.storage).delete('uploads', id)
  }

  async entries(): Promise<JournalEntry[]> {
    const all = await (await this.storage).getAll('uploads')
    return all.filter((entry) => entry.userId === this.userId())
  }
}

/** The file of an entry, if it may be read without asking and is still the one that was noted. */
export async function reopen(entry: JournalEntry): Promise<FileSource | 'changed' | 'locked'> {
  if ((await (entry.folder ?? entry.handle).queryPermission({ mode: 'read' })) !== 'granted') return 'locked'
  try {
    const file = await entry.handle.getFile()
    if (file.size !== entry.sizeBytes || file.lastModified !== entry.lastModified) return 'changed'
    return { file, handle: entry.handle, folder: entry.folder }
  } catch (error) {
    if (error instanceof DOMException && error.name === 'NotFoundError') return 'changed'
    throw error
  }
}
