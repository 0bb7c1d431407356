import { beforeEach, expect, test } from 'vitest'
import type { FileSource } from '../src/uploads/droppedFiles'
import type { Journal, JournalEntry } from '../src/uploads/journal'
import { Resumption } from '../src/uploads/resumption'
import type { OpenUpload } from '../src/uploads/uploadServer'
import type { UploadQueue } from '../src/uploads/uploadQueue'

/** A file on the disk as the browser hands it out: perhaps not before it has asked. */
class Handle {
  asked = 0
  constructor(
    readonly file: File,
    public permission: PermissionState = 'prompt',
  ) {}
  queryPermission = async () => this.permission
  requestPermission = async () => {
    this.asked += 1
    return (this.permission = 'granted')
  }
  isSameEntry = async (other: unknown) => other === this
  getFile = async () => this.file
}

const uploads = new Map<string, { state: string; sha256: string | null }>()
const queue = {
  uploads,
  add: (source: FileSource, { key, sha256 = null }: { key: string; sha256?: string | null }) =>
    uploads.set(key, { state: 'queued', sha256 }) && source,
  addAsleep: (key: string) => uploads.set(key, { state: 'asleep', sha256: null }),
  addMissing: ({ id, sha256 }: OpenUpload) => uploads.set(id, { state: 'missing', sha256 }),
} as unknown as UploadQueue

let entries: Map<string, JournalEntry>
let open: OpenUpload[]
let resumption: Resumption

function note(id: string, handle: Handle, folder: Handle | null = null, sizeBytes = handle.file.size): void {
  const { name, lastModified } = handle.file
  entries.set(id, { id, userId: 1, name, sizeBytes, lastModified, sha256: `hash-${id}`, handle, folder } as never)
}

const states = () => Object.fromEntries([...uploads].map(([key, { state }]) => [key, state]))
const file = (name: string) => new File(['12345'], name, { lastModified: 1e12 })

beforeEach(() => {
  uploads.clear()
  entries = new Map()
  open = []
  const journal = { entries: async () => [...entries.values()], forget: async (id: string) => void entries.delete(id) }
  resumption = new Resumption(queue, journal as unknown as Journal, { open: async () => open })
})

test('a file that may still be read goes on by itself', async () => {
  note('a', new Handle(file('a.jpg'), 'granted'))
  await resumption.begin()
  expect(states()).toEqual({ a: 'queued' })
})

test('a file that the browser guards waits until its user is asked', async () => {
  note('a', new Handle(file('a.jpg')))
  await resumption.begin()
  expect(states()).toEqual({ a: 'asleep' })
  await resumption.wake()
  expect(states()).toEqual({ a: 'queued' })
})

test('the files of a dropped folder take one question', async () => {
  const folder = new Handle(file('folder'))
  for (const name of ['a', 'b', 'c']) note(name, new Handle(file(name)), folder)
  await resumption.begin()
  await resumption.wake()
  expect(folder.asked).toBe(1)
  expect(states()).toEqual({ a: 'queued', b: 'queued', c: 'queued' })
})

test('a file that was taken off the list is not woken', async () => {
  note('a', new Handle(file('a.jpg')))
  await resumption.begin()
  uploads.delete('a')
  await resumption.wake()
  expect(states()).toEqual({})
})

test('a file that has changed since is forgotten', async () => {
  note('a', new Handle(file('a.jpg'), 'granted'), null, 4)
  await resumption.begin()
  expect(states()).toEqual({})
  expect(entries.size).toBe(0)
})

test('what is open on the server, and not noted here, waits for its file to come again', async () => {
  note('a', new Handle(file('a.jpg'), 'granted'))
  const unfinished = (id: string) => ({ id, sha256: `hash-${id}`, filename: id, sizeBytes: 5 }) as OpenUpload
  open = [unfinished('a'), unfinished('b')]
  await resumption.begin()
  expect(states()).toEqual({ a: 'queued', b: 'missing' })
})
