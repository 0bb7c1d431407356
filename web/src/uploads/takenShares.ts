import { isFor, type SharedFile, type SharedStorage } from '../sharedFiles'

/** The files that other apps have shared, and that this tab has taken to upload them. */
export class TakenShares {
  /** Lets go of each. */
  #taken = new Map<string, () => void>()

  constructor(
    private readonly storage: Promise<SharedStorage>,
    private readonly locks: Pick<LockManager, 'request'>,
    private readonly userId: () => number,
  ) {}

  /** Takes what waits for this user, and is no other tab's: a tab that ends lets go of all that it had. */
  async take(): Promise<Map<string, File>> {
    const db = await this.storage
    const files = new Map<string, File>()
    for (const id of await db.getAllKeys('files')) {
      const release = this.#taken.has(id) ? null : await this.#claim(id)
      if (!release) continue
      // Read only now: the tab that had it may have been done with it just before.
      const shared = await db.get('files', id)
      if (!shared || !isFor(this.userId(), shared)) {
        release()
        continue
      }
      this.#taken.set(id, release)
      if (shared.userId === null) await db.put('files', { ...shared, userId: this.userId() })
      files.set(id, fileOf(shared))
    }
    return files
  }

  /** Whether it is waiting still, in whichever tab. */
  async has(id: string): Promise<boolean> {
    return (await (await this.storage).getKey('files', id)) !== undefined
  }

  /** It is uploaded, or need not be. */
  async forget(id: string): Promise<void> {
    const release = this.#taken.get(id)
    if (!release) return
    await (await this.storage).delete('files', id)
    this.#taken.delete(id)
    release()
  }

  /** Null when another tab has it. */
  #claim(id: string): Promise<(() => void) | null> {
    return new Promise((resolve, reject) => {
      const holding = this.locks.request(`pinhole.shared.${id}`, { ifAvailable: true }, (lock) => {
        if (!lock) return resolve(null)
        return new Promise<void>((release) => resolve(release))
      })
      holding.catch(reject)
    })
  }
}

function fileOf({ bytes, name, lastModified }: SharedFile): File {
  return new File([bytes], name, { type: bytes.type, lastModified })
}
