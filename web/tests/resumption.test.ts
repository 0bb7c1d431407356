import { beforeEach, expect, test } from 'vitest'
import { unreachable } from '../src/api/problem'
import { Follower } from '../src/uploads/follower'
import { sha256Of } from '../src/uploads/hashing'
import type { Journal, JournalEntry } from '../src/uploads/journal'
import { Resumption } from '../src/uploads/resumption'
import { Slots } from '../src/uploads/slots'
import { UploadQueue } from '../src/uploads/uploadQueue'
import { ServerInMemory } from './uploadServerFake'

/** A file on the disk as the browser hands it out: perhaps not before it has asked. */
class Handle {
  asked = 0
  /** What the browser does when it is to ask. */
  answer: () => PermissionState = () => 'granted'
  constructor(
    public file: File | null,
    public permission: PermissionState = 'prompt',
  ) {}
  queryPermission = async () => this.permission
  requestPermission = async () => {
    this.asked += 1
    return (this.permission = this.answer())
  }
  getFile = async () => {
    if (!this.file) throw new DOMException('It is gone.', 'NotFoundError')
    return this.file
  }
}

let server: ServerInMemory
let queue: UploadQueue
let entries: Map<string, JournalEntry>
let resumption: Resumption
/** What other apps have shared, by id: for this tab, and what another tab has. */
let shared: Map<string, File>
let elsewhere: string[]

const file = (name: string) => new File(['12345'], name, { lastModified: 1e12 })

function note(id: string, handle: Handle | null, folder: Handle | null = null): void {
  const { name, size: sizeBytes, lastModified } = handle?.file ?? file(`${id}.jpg`)
  entries.set(id, { id, userId: 1, name, sizeBytes, lastModified, sha256: `hash-${id}`, handle, folder } as never)
}

/** An upload that waits for bytes on the server. */
function open(id: string, sha256: string): void {
  server.uploads.set(id, { id, size: 5, sha256, state: 'waiting', parts: new Map() })
}

const states = () => Object.fromEntries([...queue.uploads].map(([key, { state }]) => [key, state]))

beforeEach(() => {
  server = new ServerInMemory()
  entries = new Map()
  const journal = {
    entries: async () => [...entries.values()],
    note: async () => {},
    unnote: async (id: string) => void entries.delete(id),
    forget: async (id: string) => void entries.delete(id),
  }
  queue = new UploadQueue(
    { server, put: server.put, hash: sha256Of, pause: async () => {}, slots: new Slots(3) },
    journal,
    new Follower(server, () => {}),
    () => {},
  )
  queue.pause()
  shared = new Map()
  elsewhere = []
  const shares = { take: async () => new Map(shared), has: async (id: string) => elsewhere.includes(id) }
  resumption = new Resumption(queue, journal as unknown as Journal, shares, server, async () => {})
})

test('a file that may still be read goes on by itself', async () => {
  note('a', new Handle(file('a.jpg'), 'granted'))
  await resumption.begin()
  expect(states()).toEqual({ a: 'queued' })
  expect(queue.uploads.get('a')!.sha256).toBe('hash-a')
})

test('a file that the browser guards waits until its user is asked', async () => {
  note('a', new Handle(file('a.jpg')))
  await resumption.begin()
  expect(states()).toEqual({ a: 'asleep' })
  await resumption.wake()
  expect(states()).toEqual({ a: 'queued' })
})

test('a file that the browser gave no handle for waits to be chosen again', async () => {
  note('a', null)
  await resumption.begin()
  expect(states()).toEqual({ a: 'missing' })
  queue.add({ file: file('a.jpg'), handle: null, folder: null, path: null })
  expect(Object.values(states())).toEqual(['queued'])
  expect(entries.size).toBe(0)
})

test('a file that is chosen before an earlier visit has been looked at goes on as it is', async () => {
  const upload = queue.add({ file: file('a.jpg'), handle: null, folder: null, path: null })
  note(upload.key, null)
  await resumption.begin()
  expect(queue.uploads.get(upload.key)).toBe(upload)
  expect(states()).toEqual({ [upload.key]: 'queued' })
})

test('a file that is chosen while its permission is asked for is not woken too', async () => {
  const handle = new Handle(file('a.jpg'))
  note('a', handle)
  await resumption.begin()
  let chosen = ''
  handle.answer = () => {
    chosen = queue.add({ file: file('a.jpg'), handle: null, folder: null, path: null }).key
    return 'granted'
  }
  await resumption.wake()
  expect(states()).toEqual({ [chosen]: 'queued' })
})

test('a file that is taken off the list while it is opened does not come back', async () => {
  const handle = new Handle(file('a.jpg'))
  note('a', handle)
  await resumption.begin()
  handle.answer = () => 'granted'
  handle.getFile = async () => {
    await queue.remove(queue.uploads.get('a')!)
    return file('a.jpg')
  }
  await resumption.wake()
  expect(states()).toEqual({})
})

test.each([
  ['that is lacking', null],
  ['that the browser guards', new Handle(file('a.jpg'))],
])('a file %s and is chosen again before that is known takes one line', async (_, handle) => {
  note('a', handle)
  elsewhere.includes = () => {
    queue.add({ file: file('a.jpg'), handle: null, folder: null, path: null })
    return false
  }
  await resumption.begin()
  expect(Object.values(states())).toEqual(['queued'])
  expect(entries.size).toBe(0)
})

test('a file that is found to sleep while the permission for another is asked for can be woken by the next click', async () => {
  const [first, second] = [new Handle(file('a.jpg')), new Handle(file('b.jpg'))]
  note('a', first)
  note('b', second)
  let goOn = () => {}
  const held = new Promise<PermissionState>((resolve) => (goOn = () => resolve('prompt')))
  second.queryPermission = () => held
  const beginning = resumption.begin()
  await expect.poll(states).toEqual({ a: 'asleep' })
  first.requestPermission = async () => {
    goOn()
    await expect.poll(states).toEqual({ a: 'asleep', b: 'asleep' })
    return (first.permission = 'granted')
  }
  await resumption.wake()
  await beginning
  second.queryPermission = async () => 'granted'
  await resumption.wake()
  expect(states()).toEqual({ a: 'queued', b: 'queued' })
})

test('the files of a dropped folder take one question', async () => {
  const folder = new Handle(null)
  for (const name of ['a', 'b', 'c']) note(name, new Handle(file(name)), folder)
  await resumption.begin()
  await resumption.wake()
  expect(folder.asked).toBe(1)
  expect(states()).toEqual({ a: 'queued', b: 'queued', c: 'queued' })
})

test('files that the browser would not ask about yet can be woken by the next click', async () => {
  const handles = ['a', 'b', 'c'].map((name) => new Handle(file(name)))
  handles.forEach((handle, index) => note('abc'[index]!, handle))
  handles[1]!.answer = () => {
    throw new DOMException('User activation is required.', 'SecurityError')
  }
  await resumption.begin()
  await resumption.wake()
  expect(states()).toEqual({ a: 'queued', b: 'asleep', c: 'asleep' })
  handles[1]!.answer = () => 'granted'
  await resumption.wake()
  expect(states()).toEqual({ a: 'queued', b: 'queued', c: 'queued' })
})

test('a file that is woken by the second click is not taken for one that is dropped later', async () => {
  const handle = new Handle(file('a.jpg'))
  note('a', handle)
  handle.answer = () => 'prompt'
  await resumption.begin()
  await resumption.wake()
  handle.answer = () => 'granted'
  await resumption.wake()
  queue.add({ file: file('a.jpg'), handle: null, folder: null, path: null })
  expect(Object.values(states())).toEqual(['queued', 'queued'])
})

test('a question that is waved away is the last one of that click', async () => {
  const handles = ['a', 'b'].map((name) => new Handle(file(name)))
  handles.forEach((handle, index) => note('ab'[index]!, handle))
  handles[0]!.answer = () => 'prompt'
  await resumption.begin()
  await resumption.wake()
  expect(handles.map(({ asked }) => asked)).toEqual([1, 0])
  expect(states()).toEqual({ a: 'asleep', b: 'asleep' })
})

test('a file that was taken off the list is not woken', async () => {
  note('a', new Handle(file('a.jpg')))
  await resumption.begin()
  await queue.remove(queue.uploads.get('a')!)
  await resumption.wake()
  expect(states()).toEqual({})
})

test('a file that waits for a permission and is chosen again takes no second line', async () => {
  note('a', new Handle(file('a.jpg')))
  await resumption.begin()
  queue.add({ file: file('a.jpg'), handle: null, folder: null, path: null })
  await resumption.wake()
  expect(Object.values(states())).toEqual(['queued'])
})

test('a file that has changed since is taken as it is now', async () => {
  const handle = new Handle(file('a.jpg'), 'granted')
  note('a', handle)
  handle.file = new File(['123456'], 'a.jpg', { lastModified: 2e12 })
  await resumption.begin()
  expect(queue.uploads.get('a')).toMatchObject({ state: 'queued', size: 6, sha256: null })
})

test('a file that is gone waits to be chosen again', async () => {
  const handle = new Handle(file('a.jpg'), 'granted')
  note('a', handle)
  handle.file = null
  await resumption.begin()
  expect(states()).toEqual({ a: 'missing' })
})

test('what is open on the server, and not noted here, is told to be of another device', async () => {
  note('a', new Handle(file('a.jpg'), 'granted'))
  open('u1', 'hash-a')
  open('u2', 'hash-b')
  await resumption.begin()
  expect(states()).toEqual({ a: 'queued', u2: 'elsewhere' })
})

test('what was sent before the reload needs no file any more, though the server was not told', async () => {
  note('a', null)
  note('b', new Handle(file('b.jpg')))
  open('u1', 'hash-a')
  open('u2', 'hash-b')
  for (const { id } of server.uploads.values()) server.uploads.get(id)!.isStored = true
  await resumption.begin()
  expect(states()).toEqual({ a: 'processing', b: 'processing' })
  expect(entries.size).toBe(0)
})

test('what has arrived of another device is not told to be under way there', async () => {
  open('u1', 'hash-1')
  open('u2', 'hash-2')
  open('u3', 'hash-3')
  server.uploads.get('u1')!.state = 'received'
  server.uploads.get('u2')!.isStored = true
  await resumption.begin()
  expect(states()).toEqual({ u3: 'elsewhere' })
})

test('what another device has sent is taken off the list', async () => {
  open('u1', 'hash-1')
  open('u2', 'hash-2')
  await resumption.begin()
  server.uploads.get('u1')!.state = 'received'
  await resumption.lookAgain()
  expect(states()).toEqual({ u2: 'elsewhere' })
})

test.each([['waits to be chosen again', null], ['waits for a permission', new Handle(file('a.jpg'))]])(
  'a file that %s leaves nothing open when it is taken off the list',
  async (_, handle) => {
    note('a', handle)
    open('u1', 'hash-a')
    await resumption.begin()
    await queue.remove(queue.uploads.get('a')!)
    expect(await server.open()).toEqual([])
  },
)

test('a missing file that came into the library meanwhile is said to be there', async () => {
  note('a', null)
  server.library.set('hash-a', 'item-a')
  await resumption.begin()
  await expect.poll(states).toEqual({ a: 'duplicate' })
  expect(entries.size).toBe(0)
})

test('what another app has shared is uploaded, and goes on where an earlier visit left it', async () => {
  note('a', null)
  shared.set('a', file('a.jpg')).set('b', file('b.jpg'))
  await resumption.begin()
  expect(states()).toEqual({ a: 'queued', b: 'queued' })
  expect([queue.uploads.get('a')!.sha256, queue.uploads.get('b')!.sha256]).toEqual(['hash-a', null])
})

test('what was shared, and another tab is uploading, is not listed as missing', async () => {
  note('a', null)
  elsewhere = ['a']
  await resumption.begin()
  expect(states()).toEqual({})
})

test('while another tab goes on with an earlier visit, what was shared is taken all the same', async () => {
  shared.set('b', file('b.jpg'))
  await resumption.takeShared()
  expect(states()).toEqual({ b: 'queued' })
})

test('without a network what was shared is queued at once, and the server is asked when it is there', async () => {
  shared.set('a', file('a.jpg'))
  open('u1', 'hash-1')
  const asked = server.open.bind(server)
  let away = 3
  server.open = async () => {
    if (away-- > 0) throw unreachable()
    return asked()
  }
  const beginning = resumption.begin()
  await expect.poll(states).toMatchObject({ a: 'queued' })
  await beginning
  expect(states()).toEqual({ a: 'queued', u1: 'elsewhere' })
})
