import type { JournalEntry } from './journal'
import { shownName, type Upload } from './upload'

/** All uploads, found again by what is known of their files. */
export class UploadList {
  readonly byKey = new Map<string, Upload>()
  /** Those whose files are not at hand, by their size. */
  #absent = new Map<number, Set<Upload>>()
  #byFile = new Map<string, Upload>()

  add(upload: Upload): void {
    this.byKey.set(upload.key, upload)
    this.#byFile.set(fileOf(upload), upload)
  }

  addAbsent(upload: Upload): void {
    const earlier = this.byKey.get(upload.key)
    if (earlier) this.drop(earlier)
    this.byKey.set(upload.key, upload)
    const alike = this.#absent.get(upload.size) ?? new Set()
    this.#absent.set(upload.size, alike.add(upload))
  }

  drop(upload: Upload): void {
    this.byKey.delete(upload.key)
    this.noLongerAbsent(upload)
  }

  noLongerAbsent(upload: Upload): void {
    this.#absent.get(upload.size)?.delete(upload)
  }

  findAbsent(size: number, isTheSame: (other: Upload) => boolean): Upload | undefined {
    for (const other of this.#absent.get(size) ?? []) if (isTheSame(other)) return other
    return undefined
  }

  *missing(): Iterable<Upload> {
    for (const alike of this.#absent.values()) {
      for (const upload of alike) if (upload.state === 'missing') yield upload
    }
  }

  /** Whether a file is listed, by what is noted of it. */
  hasFile({ path, name, sizeBytes, lastModified }: JournalEntry): boolean {
    return this.#listed([path ?? shownName(name), sizeBytes, lastModified].join('\n')) !== undefined
  }

  /** The same file, if it came before, and failed or was there already: its line is to be renewed. */
  findEarlier(upload: Upload): Upload | undefined {
    const earlier = this.#listed(fileOf(upload))
    return earlier?.state === 'failed' || earlier?.state === 'duplicate' ? earlier : undefined
  }

  #listed(file: string): Upload | undefined {
    const upload = this.#byFile.get(file)
    return upload && this.byKey.get(upload.key) === upload ? upload : undefined
  }
}

/** Whether two uploads are of one file: by its place, its size, and when it was changed. */
export function isSameFile(one: Upload, other: Upload): boolean {
  return fileOf(one) === fileOf(other)
}

/** Of a file that is not at hand nothing is known but the upload. */
function fileOf({ key, source, name, size }: Upload): string {
  return source ? [source.path ?? name, size, source.file.lastModified].join('\n') : key
}

/** Takes the first out of some. */
export function take<T>(things: Set<T>): T | undefined {
  const [first] = things
  if (first !== undefined) things.delete(first)
  return first
}
