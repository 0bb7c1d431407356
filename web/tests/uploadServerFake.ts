import { expect } from 'vitest'
import { MOST_COMPLETED } from '../src/api/constants'
import { Problem } from '../src/api/problem'
import { sha256Of } from '../src/uploads/hashing'
import type { Put } from '../src/uploads/put'
import { TransferFailed } from '../src/uploads/retrying'
import type { Outcome, Begun, OpenUpload, UploadServer, UploadStatus } from '../src/uploads/uploadServer'

type Kept = {
  id: string
  size: number
  sha256: string
  state: UploadStatus['state']
  parts: Map<number, number>
  /** The store has it, whether or not the server knows. */
  isStored?: boolean
}

const SINGLE_PUT_BYTES = 100
const PART_BYTES = 40

/** The API and the store behind it, in memory: single PUTs up to 100 bytes, parts of 40 above. */
export class ServerInMemory implements UploadServer {
  library = new Map<string, string>()
  uploads = new Map<string, Kept>()
  puts = 0
  putMs = 2
  putsAtOnce = 0
  mostPutsAtOnce = 0
  /** Answers of the store to come, instead of success; 0 is a broken connection. */
  failures: number[] = []
  /** So many PUTs to come arrive, but the connection breaks before the answer does. */
  lostAnswers = 0
  /** Answers of the API to come, instead of success. */
  problems: Problem[] = []
  asked: string[] = []
  /** So many uploads may lack bytes at once. */
  mostWaiting = Infinity
  paths: (string | null)[] = []
  /** What beginning an upload waits for. */
  beforeBegin: Promise<void> | undefined
  #latest = 0

  #answer(call: string): void {
    this.asked.push(call)
    const problem = this.problems.shift()
    if (problem) throw problem
  }

  #get(id: string): Kept {
    const upload = this.uploads.get(id)
    if (!upload) throw new Problem(404, 'not_found', 'There is no such upload.')
    return upload
  }

  async existing(sha256s: string[]) {
    this.#answer('check')
    return Object.fromEntries(sha256s.flatMap((hash) => (this.library.has(hash) ? [[hash, this.library.get(hash)!]] : [])))
  }

  async begin(file: File, relativePath: string | null, sha256: string): Promise<Begun> {
    await this.beforeBegin
    this.#answer('begin')
    const itemId = this.library.get(sha256)
    if (itemId) return { state: 'duplicate', itemId }
    const open = [...this.uploads.values()].find((upload) => upload.sha256 === sha256 && upload.state === 'waiting')
    const waiting = [...this.uploads.values()].filter(({ state }) => state === 'waiting').length
    if (!open && waiting >= this.mostWaiting) throw new Problem(409, 'too_many_uploads', 'Finish some first.', [], 30)
    this.paths.push(relativePath)
    const upload: Kept = open ?? { id: `u${++this.#latest}`, size: file.size, sha256, state: 'waiting', parts: new Map() }
    this.uploads.set(upload.id, upload)
    if (file.size <= SINGLE_PUT_BYTES) return { ...(await this.signAgain(upload.id)), method: 'single' } as Begun
    const partCount = Math.ceil(file.size / PART_BYTES)
    return { id: upload.id, state: 'waiting', method: 'multipart', partSizeBytes: PART_BYTES, partCount }
  }

  async signAgain(id: string) {
    const upload = this.#get(id)
    this.#look(upload)
    if (upload.state !== 'waiting') throw new Problem(409, 'upload_not_waiting', 'It has arrived.')
    return { id, state: 'waiting' as const, url: `${id}/${upload.sha256}`, headers: {}, urlExpiresAt: '' }
  }

  async signPart(id: string, partNumber: number, sha256: string) {
    this.#answer(`part ${partNumber}`)
    return { url: `${id}/${sha256}/${partNumber}`, headers: {} }
  }

  async completeMany(ids: string[]): Promise<Outcome[]> {
    this.#answer(`complete ${ids.length}`)
    expect(ids.length).toBeLessThanOrEqual(MOST_COMPLETED)
    return ids.flatMap((id) => {
      const upload = this.uploads.get(id)
      if (!upload) return []
      this.#look(upload)
      return [this.#outcome(upload)]
    })
  }

  /** Looks into the store. */
  #look(upload: Kept): void {
    if (upload.state === 'waiting' && upload.isStored) upload.state = 'received'
  }

  #outcome({ id, state, sha256 }: Kept): Outcome {
    const error = state === 'failed' ? { code: 'truncated' as const, detail: 'In the server’s words.' } : null
    return { id, state, itemId: this.library.get(sha256) ?? null, error }
  }

  async complete(id: string): Promise<void> {
    this.#answer('complete')
    const upload = this.#get(id)
    const bytes = [...upload.parts.values()].reduce((sum, size) => sum + size, 0)
    if (bytes !== upload.size) throw new Problem(409, 'wrong_parts', 'Some parts are missing.')
    upload.state = 'received'
  }

  async status(id: string): Promise<UploadStatus> {
    const upload = this.#get(id)
    const parts = [...upload.parts].map(([partNumber, sizeBytes]) => ({ partNumber, sizeBytes }))
    return { ...this.#outcome(upload), parts }
  }

  async open(): Promise<OpenUpload[]> {
    return [...this.uploads.values()].flatMap(({ id, state, size, sha256 }) => {
      if (state !== 'waiting' && state !== 'received') return []
      return { id, state, filename: `${id}.jpg`, sizeBytes: size, sha256 }
    })
  }

  async abort(id: string): Promise<void> {
    const upload = this.#get(id)
    this.#look(upload)
    if (upload.state !== 'waiting') throw new Problem(409, 'upload_not_waiting', `It is ${upload.state}.`)
    upload.state = 'aborted'
  }

  /** What ingest makes of a file that has arrived. */
  ingest(id: string): void {
    const upload = this.#get(id)
    upload.state = 'ready'
    this.library.set(upload.sha256, `item-${id}`)
  }

  put: Put = async ({ url }, body, onProgress, signal) => {
    signal.throwIfAborted()
    this.puts += 1
    this.putsAtOnce += 1
    this.mostPutsAtOnce = Math.max(this.mostPutsAtOnce, this.putsAtOnce)
    try {
      onProgress(Math.floor(body.size / 2))
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(resolve, this.putMs)
        signal.addEventListener('abort', () => {
          clearTimeout(timer)
          reject(signal.reason as Error)
        })
      })
      const failure = this.failures.shift()
      if (failure !== undefined) throw new TransferFailed(failure)
      const [id, sha256, part] = url.split('/')
      if ((await sha256Of(body)) !== sha256) throw new TransferFailed(400)
      if (part) this.#get(id!).parts.set(Number(part), body.size)
      else this.#get(id!).isStored = true
      if (this.lostAnswers-- > 0) throw new TransferFailed(0)
    } finally {
      this.putsAtOnce -= 1
    }
  }
}
