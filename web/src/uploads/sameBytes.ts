import type { Upload } from './upload'

/** Files of the same bytes, in the order they came: the first one is sent, and stands for all. */
export class SameBytes {
  #bySha256 = new Map<string, Upload[]>()
  #kept = new Map<string, string[]>()
  #unreadable = new Map<string, Pick<Upload, 'reason' | 'code'>>()

  /** Takes an upload in, whose hash is known; the one that stands for all of its bytes. */
  join(upload: Upload): Upload {
    const same = this.#bySha256.get(upload.sha256!) ?? []
    if (!same.includes(upload)) same.push(upload)
    this.#bySha256.set(upload.sha256!, same)
    return same[0]!
  }

  /** Lets an upload go; the one that has to take its place, if it stood for others. */
  leave(upload: Upload): Upload | null {
    const same = upload.sha256 === null ? undefined : this.#bySha256.get(upload.sha256)
    if (!same?.includes(upload)) return null
    const wasFirst = same[0] === upload
    same.splice(same.indexOf(upload), 1)
    if (same.length === 0) this.#bySha256.delete(upload.sha256!)
    return wasFirst ? (same[0] ?? null) : null
  }

  /** The server could make nothing of its bytes: they need not be sent again. */
  noteUnreadable({ sha256, reason, code }: Upload): void {
    if (sha256 !== null) this.#unreadable.set(sha256, { reason, code })
  }

  /** Null unless an upload of the same bytes was noted so. */
  whyUnreadable({ sha256 }: Upload): Pick<Upload, 'reason' | 'code'> | null {
    return (sha256 !== null && this.#unreadable.get(sha256)) || null
  }

  /** It is not sent, as another of the same bytes is: what was shared of it is kept until that one has arrived. */
  keep({ sha256, key }: Upload): void {
    this.#kept.set(sha256!, [...(this.#kept.get(sha256!) ?? []), key])
  }

  /** The keys of those that were kept in place of an upload, which needs them no longer. */
  takeKept({ sha256 }: Upload): string[] {
    const keys = (sha256 !== null && this.#kept.get(sha256)) || []
    if (sha256 !== null) this.#kept.delete(sha256)
    return keys
  }

  first(sha256: string | null): Upload | undefined {
    return sha256 === null ? undefined : this.#bySha256.get(sha256)?.[0]
  }
}
