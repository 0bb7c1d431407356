/** Caches as a browser keeps them, with room for so many bytes in all. */
export class CachesFake {
  #caches = new Map<string, Map<string, Response>>()
  room = Infinity
  /** Called before a file is written. */
  onPut: () => Promise<void> = async () => {}

  async open(name: string) {
    const files = this.#caches.get(name) ?? new Map<string, Response>()
    this.#caches.set(name, files)
    return {
      put: async (path: string, response: Response) => {
        await this.onPut()
        const taken = await this.#bytes()
        const more = (await response.clone().blob()).size
        if (taken + more > this.room) throw new DOMException('There is no room.', 'QuotaExceededError')
        files.set(path, response)
        // A cache that was deleted meanwhile is there again, as when it is opened only now.
        this.#caches.set(name, files)
      },
      delete: async (path: string) => files.delete(path),
      keys: async () => [...files.keys()].map((path) => new Request(new URL(path, 'https://photos.example.org'))),
      match: async ({ url }: Request) => {
        const { pathname, search } = new URL(url)
        return files.get(pathname + search)?.clone()
      },
    }
  }

  async has(name: string) {
    return this.#caches.has(name)
  }

  async keys() {
    return [...this.#caches.keys()]
  }

  async delete(name: string) {
    return this.#caches.delete(name)
  }

  async match(path: string, { cacheName }: { cacheName: string }) {
    return this.#caches.get(cacheName)?.get(path)?.clone()
  }

  /** What is kept, by cache. */
  paths(name: string): string[] {
    return [...(this.#caches.get(name)?.keys() ?? [])]
  }

  async #bytes(): Promise<number> {
    const all = [...this.#caches.values()].flatMap((files) => [...files.values()])
    const sizes = await Promise.all(all.map(async (response) => (await response.clone().blob()).size))
    return sizes.reduce((sum, size) => sum + size, 0)
  }
}
