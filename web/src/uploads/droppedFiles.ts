import { OTHER_NAMES, PHOTO_NAMES, SIDECAR_NAMES, VIDEO_NAMES } from '../api/constants'
import { texts } from '../texts/texts'

/** A file to upload. With a handle it can be read again after a reload, once the browser's user agrees. */
export type FileSource = {
  file: File
  handle: FileSystemFileHandle | null
  /** The folder that was dropped or picked, and the file found in: permission is asked for it as a whole. */
  folder: FileSystemDirectoryHandle | null
  /** Folder and name, from the folder that was chosen or dropped: `trip/day two/beach.jpg`. Null: the file itself was. */
  path: string | null
}

// Spelled out beside image/* and video/*: a browser that doesn't know a format would grey its files out.
const MEDIA_NAMES = [...PHOTO_NAMES, ...VIDEO_NAMES]

export const ACCEPT = ['image/*', 'video/*', ...MEDIA_NAMES].join()

function isNamedAs({ name }: File, extensions: string[]): boolean {
  const lower = name.toLowerCase()
  return extensions.some((extension) => lower.endsWith(extension))
}

export function isSidecar(file: File): boolean {
  return isNamedAs(file, SIDECAR_NAMES)
}

/**
 * Whether a file is to be sent, by its name. One that was chosen by itself is, unless its name is known to be of something
 * else; of a folder, what is named as a photo or a video.
 */
export function isToSend({ file, path }: Pick<FileSource, 'file' | 'path'>): boolean {
  if (isNamedAs(file, OTHER_NAMES)) return false
  return path === null || /^(image|video)\//.test(file.type) || isNamedAs(file, MEDIA_NAMES)
}

export function fromFileList(files: FileList | readonly File[]): FileSource[] {
  return [...files]
    .filter(({ webkitRelativePath }) => !/(^|\/)\./.test(webkitRelativePath))
    .map((file) => ({ file, handle: null, folder: null, path: file.webkitRelativePath || null }))
}

/** Whether files can be picked so that they have handles. Phones show their photos in the plain dialog only. */
export function hasPickers(): boolean {
  return 'showOpenFilePicker' in window && !matchMedia('(pointer: coarse)').matches
}

/** The files that someone picks in a dialog. To be called from a click. */
export async function* pickFiles(): AsyncIterable<FileSource> {
  const types = [{ description: texts.uploads.photosAndVideos, accept: { 'image/*': PHOTO_NAMES, 'video/*': VIDEO_NAMES } }]
  const handles = await unlessDismissed(window.showOpenFilePicker({ multiple: true, types }))
  for (const handle of handles ?? []) yield picked(handle)
}

/** The files of a folder that someone picks in a dialog. To be called from a click. */
export async function* pickFolder(): AsyncIterable<FileSource> {
  const folder = await unlessDismissed(window.showDirectoryPicker())
  if (folder) yield* inFolder(folder, folder, folder.name)
}

async function unlessDismissed<T>(dialog: Promise<T>): Promise<T | null> {
  try {
    return await dialog
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') return null
    throw error
  }
}

async function picked(handle: FileSystemFileHandle): Promise<FileSource> {
  return { file: await handle.getFile(), handle, folder: null, path: null }
}

/** All files of a drop, those in its folders too. To be called within the drop event: its items die with it. */
export function fromDrop(transfer: DataTransfer): AsyncIterable<FileSource> {
  const items = [...transfer.items].filter(({ kind }) => kind === 'file')
  if (items.some((item) => !('getAsFileSystemHandle' in item))) {
    const entries = items.map((item) => item.webkitGetAsEntry())
    return flat(entries.map((entry) => (entry ? inEntry(entry, null) : none())))
  }
  const found = items.map((item) => ({ handle: item.getAsFileSystemHandle(), file: item.getAsFile() }))
  return flat(found.map(({ handle, file }) => inDropped(handle, file)))
}

async function* flat(parts: AsyncIterable<FileSource>[]): AsyncIterable<FileSource> {
  for (const part of parts) yield* part
}

async function* none(): AsyncIterable<FileSource> {}

async function* inDropped(pending: Promise<FileSystemHandle | null>, file: File | null): AsyncIterable<FileSource> {
  const handle = await pending
  if (handle instanceof FileSystemDirectoryHandle) yield* inFolder(handle, handle, handle.name)
  else if (handle instanceof FileSystemFileHandle) yield picked(handle)
  else if (file) yield { file, handle: null, folder: null, path: null }
}

async function* inFolder(
  directory: FileSystemDirectoryHandle,
  folder: FileSystemDirectoryHandle,
  pathOfDirectory: string,
): AsyncIterable<FileSource> {
  for await (const handle of directory.values()) {
    if (handle.name.startsWith('.')) continue
    const path = `${pathOfDirectory}/${handle.name}`
    if (handle instanceof FileSystemDirectoryHandle) yield* inFolder(handle, folder, path)
    else if (handle instanceof FileSystemFileHandle) {
      yield { file: await handle.getFile(), handle, folder, path }
    }
  }
}

async function* inEntry(entry: FileSystemEntry, path: string | null): AsyncIterable<FileSource> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject))
    yield { file, handle: null, folder: null, path }
    return
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader()
  for (;;) {
    // A reader gives some entries at a time, and none at the end.
    const entries = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject))
    if (entries.length === 0) return
    for (const inner of entries) {
      if (!inner.name.startsWith('.')) yield* inEntry(inner, `${path ?? entry.name}/${inner.name}`)
    }
  }
}
