import { isFor, type SharedFile, type SharedStorage, withShared } from '../sharedFiles'

/**
 * The files that other apps have shared, and that this tab has taken to upload them. `landedWith`: what was shared together
 * with this key is sure to be what a person shares, since it has opened this page as an app does. `onFailure` is told what
 * can't be read: all else goes on.
 */
export class TakenShares {
  /** Lets go of each. */
  #taken = new Map<string, () => void>()

  constructor(
    private readonly locks: Pick<LockManager, 'request'>,
    private readonly userId: () => number,
    private readonly landedWith: string | null,
    private readonly onFailure: (error: unknown) => void,
  ) {}

  /**
   * Takes what waits for this user, and is no other tab's: a tab that ends lets go of all that it had. Of what is unsure only
   * what was `confirmed`, by its ids.
   */
  async take(confirmed: readonly string[] = []): Promise<Map<string, File>> {
    const files = new Map<string, File>()
    const takeAll = async (db: SharedStorage) => {
      const isToTake = (shared: SharedFile | undefined) =>
        shared && isFor(this.userId(), shared) && (this.#isSure(shared) || confirmed.includes(shared.id))
      for (const id of await db.getAllKeys('files')) {
        let release: (() => void) | null = null
        try {
          // No hand is laid on others, not for a moment: whoever confirms them takes them just then.
          if (this.#taken.has(id) || !isToTake(await db.get('files', id))) continue
          release = await this.#claim(id)
          if (!release) continue
          // Read once more: the tab that had it may have been done with it just before.
          const shared = await db.get('files', id)
          if (shared && isToTake(shared)) {
            files.set(id, fileOf(shared))
            this.#taken.set(id, release)
            const { userId } = shared
            // Without room for that it is uploaded all the same, and asked about once more if it isn't in this visit.
            if (userId === null || shared.unsure) await db.put('files', { ...shared, userId: this.userId(), unsure: null }).catch(() => {})
          }
        } catch (error) {
          this.onFailure(error)
        }
        if (!this.#taken.has(id)) release?.()
      }
    }
    await withShared(takeAll).catch(this.onFailure)
    return files
  }

  /** The ids of what waits for this user, and is to be asked about first. */
  async unsure(): Promise<string[]> {
    const waiting = await withShared((db) => db.getAll('files'))
    return waiting.filter((file) => isFor(this.userId(), file) && !this.#isSure(file)).map(({ id }) => id)
  }

  /** Forgets what nobody wants; what another tab has taken meanwhile is wanted. */
  async refuse(ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      const release = this.#taken.has(id) ? null : await this.#claim(id)
      if (!release) continue
      await withShared((db) => db.delete('files', id)).finally(release)
    }
  }

  /** Whether it is waiting still, in whichever tab. */
  async has(id: string): Promise<boolean> {
    try {
      return (await withShared((db) => db.getKey('files', id))) !== undefined
    } catch (error) {
      this.onFailure(error)
      return false
    }
  }

  /** It is uploaded, or need not be. */
  async forget(id: string): Promise<void> {
    const release = this.#taken.get(id)
    if (!release) return
    await withShared((db) => db.delete('files', id))
    this.#taken.delete(id)
    release()
  }

  #isSure({ userId, unsure }: SharedFile): boolean {
    return userId !== null && (unsure === null || unsure === this.landedWith)
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
