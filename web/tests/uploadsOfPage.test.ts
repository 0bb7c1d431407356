import 'fake-indexeddb/auto'
import { afterAll, beforeEach, expect, test, vi } from 'vitest'
import { shallowRef } from 'vue'
import type * as Stored from '../src/storage'
import { sha256Of } from '../src/uploads/hashing'
import type * as Uploads from '../src/uploads/uploads'
import { source } from './uploadQueueSetUp'
import { ServerInMemory } from './uploadServerFake'

const LOCK = 'pinhole.uploading'

/** Web locks as far as they are needed. */
class Locks {
  held: { name: string; mode: string }[] = []
  #waiting: (() => void)[] = []
  async request(name: string, options: LockOptions, work: (lock: object | null) => unknown): Promise<unknown> {
    const lock = { name, mode: options.mode ?? 'exclusive' }
    const isFree = () => !this.held.some((other) => other.name === name && [other.mode, lock.mode].includes('exclusive'))
    if (options.ifAvailable && !isFree()) return work(null)
    while (!isFree()) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    this.held.push(lock)
    try {
      return await work(lock)
    } finally {
      this.held = this.held.filter((other) => other !== lock)
      for (const go of this.#waiting.splice(0)) go()
    }
  }
}

let locks: Locks
let server: ServerInMemory
let user: { value: { id: number } }
let uploads: typeof Uploads
let openStorage: typeof Stored.storage

beforeEach(async () => {
  vi.resetModules()
  locks = new Locks()
  server = new ServerInMemory()
  user = shallowRef({ id: 1 })
  vi.doMock('../src/auth/session', () => ({ user, beforeLeaving: () => {} }))
  vi.doMock('../src/live/live', () => ({ libraryMayHaveMoved: () => {}, onLibraryMoved: () => () => {} }))
  vi.doMock('../src/uploads/hash.worker?worker', () => ({ default: null }))
  vi.doMock('../src/uploads/hasher', () => ({ workerHash: () => sha256Of }))
  vi.doMock('../src/uploads/put', () => ({ put: server.put }))
  vi.doMock('../src/uploads/uploadServer', () => ({ uploadServer: server }))
  vi.stubGlobal('navigator', { onLine: true, locks })
  vi.stubGlobal('window', new EventTarget())
  vi.stubGlobal('location', { search: '' })
  vi.stubGlobal('matchMedia', () => ({ matches: false }))
  ;({ storage: openStorage } = await import('../src/storage'))
  uploads = await import('../src/uploads/uploads')
  await (await openStorage()).clear('uploads')
})
afterAll(() => vi.unstubAllGlobals())

/** However slow the machine is. */
const becomes = (check: () => unknown) => vi.waitFor(check, { timeout: 4000 })
const count = () => uploads.uploadSummary.value.count

/** Whether the browser would ask before it leaves the page. */
function asks(): boolean {
  const leaving = new Event('beforeunload', { cancelable: true })
  window.dispatchEvent(leaving)
  return leaving.defaultPrevented
}

test('an earlier visit’s files are looked for though one is chosen before the panel is here', async () => {
  const entry = { id: 'earlier', userId: 1, handle: null, folder: null, path: null, name: 'earlier.jpg', sizeBytes: 9, lastModified: 1, sha256: null }
  await (await openStorage()).put('uploads', entry)
  server.putMs = 60_000
  await uploads.addFiles([source('new.jpg')])
  await becomes(() => expect(asks()).toBe(true))
  await uploads.resumeUploads()
  await becomes(() => expect(count()).toMatchObject({ running: 1, missing: 1 }))
})

test('once all is sent nobody is asked to stay, though an earlier visit’s files are still looked for', async () => {
  let tell = () => {}
  server.open = () => new Promise((resolve) => (tell = () => resolve([])))
  void uploads.resumeUploads()
  await becomes(() => expect(locks.held).toContainEqual({ name: LOCK, mode: 'exclusive' }))
  let goOn = () => {}
  server.beforeBegin = new Promise((resolve) => (goOn = resolve))
  await uploads.addFiles([source('new.jpg')])
  await becomes(() => expect(asks()).toBe(true))
  goOn()
  await becomes(() => expect(count().processing).toBe(1))
  await becomes(() => expect(asks()).toBe(false))
  tell()
  await becomes(() => expect(locks.held).toEqual([]))
})

test('what is noted after somebody else has logged in elsewhere is still of who chose it', async () => {
  server.putMs = 60_000
  await uploads.addFiles([source('one.jpg')])
  user.value = { id: 2 }
  await uploads.addFiles([source('other.jpg')])
  const db = await openStorage()
  await becomes(async () => expect((await db.getAll('uploads')).map(({ userId }) => userId)).toEqual([1, 1]))
})
