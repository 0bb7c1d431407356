/** A file to upload. With a handle it can be read again after a reload, once the browser's user agrees. */
export type FileSource = {
  file: File
  handle: FileSystemFileHandle | null
  /** The dropped folder that the file was found in: permission is asked for it as a whole. */
  folder: FileSystemDirectoryHandle | null
}

/** Files that systems leave in folders and that nobody means to upload. */
const DEBRIS = /^(\.|thumbs\.db$|desktop\.ini$|ehthumbs\.db$)/i

export function fromFileList(files: FileList | readonly File[]): FileSource[] {
  return [...files].filter(({ name }) => !DEBRIS.test(name)).map((file) => ({ file, handle: null, folder: null }))
}

/** All files of a drop, those in its folders too. To be called within the drop event: its items die with it. */
export function fromDrop(transfer: DataTransfer): AsyncIterable<FileSource> {
  const items = [...transfer.items].filter(({ kind }) => kind === 'file')
  if (items.some((item) => !('getAsFileSystemHandle' in item))) {
    const entries = items.map((item) => item.webkitGetAsEntry())
    return flat(entries.map((entry) => (entry ? inEntry(entry) : none())))
  }
  const found = items.map((item) => ({ handle: item.getAsFileSystemHandle(), file: item.getAsFile() }))
  return flat(found.map(({ handle, file }) => inDropped(handle, file)))
}

async function* flat(parts: AsyncIterable<FileSource>[]): AsyncIterable<FileSource> {
  for (const part of parts) {
    for await (const source of part) if (!DEBRIS.test(source.file.name)) yield source
  }
}

async function* none(): AsyncIterable<FileSource> {}

async function* inDropped(pending: Promise<FileSystemHandle | null>, file: File | null): AsyncIterable<FileSource> {
  const handle = await pending
  if (handle instanceof FileSystemDirectoryHandle) yield* inFolder(handle, handle)
  else if (handle instanceof FileSystemFileHandle) yield { file: await handle.getFile(), handle, folder: null }
  else if (file) yield { file, handle: null, folder: null }
}

async function* inFolder(
  directory: FileSystemDirectoryHandle,
  folder: FileSystemDirectoryHandle,
): AsyncIterable<FileSource> {
  for await (const handle of directory.values()) {
    if (handle.name.startsWith('.')) continue
    if (handle instanceof FileSystemDirectoryHandle) yield* inFolder(handle, folder)
    else if (handle instanceof FileSystemFileHandle) yield { file: await handle.getFile(), handle, folder }
  }
}

async function* inEntry(entry: FileSystemEntry): AsyncIterable<FileSource> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject))
    yield { file, handle: null, folder: null }
    return
  }
  if (entry.name.startsWith('.')) return
  const reader = (entry as FileSystemDirectoryEntry).createReader()
  for (;;) {
    // A reader gives some entries at a time, and none at the end.
    const entries = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject))
    if (entries.length === 0) return
    for (const inner of entries) yield* inEntry(inner)
  }
}
