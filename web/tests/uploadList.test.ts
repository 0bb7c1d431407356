import { beforeEach, describe, expect, test, vi } from 'vitest'
import { sha256Of } from '../src/uploads/hashing'
import type { Upload } from '../src/uploads/upload'
import type { UploadQueue } from '../src/uploads/uploadQueue'
import { reaches, setUp, source } from './uploadQueueSetUp'
import type { ServerInMemory } from './uploadServerFake'

let server: ServerInMemory
let queue: UploadQueue
let journal: Map<string, string | null>
let add: (name: string, content?: string) => Upload

beforeEach(() => {
  ;({ server, queue, journal, add } = setUp())
})

describe('of two files of the same bytes', () => {
  test('the second is sent when the first is cancelled, and goes on with what was begun', async () => {
    server.putMs = 60_000
    const [first, second] = [add('a.jpg', 'same'), add('b.jpg', 'same')]
    await reaches(second, 'duplicate')
    await vi.waitFor(() => expect(first.uploadId).toBe('u1'))
    server.putMs = 2
    await queue.remove(first)
    await reaches(second, 'processing')
    expect(second.uploadId).toBe('u1')
  })

  test('the second is sent when the first is cancelled while its upload is being begun', async () => {
    let go = () => {}
    server.beforeBegin = new Promise((resolve) => (go = resolve))
    const [first, second] = [add('a.jpg', 'same'), add('b.jpg', 'same')]
    await reaches(first, 'sending')
    await reaches(second, 'duplicate')
    await queue.remove(first)
    go()
    await reaches(second, 'processing')
    expect(second.uploadId).toBe('u1')
  })

  test('the second is sent when the first fails', async () => {
    server.failures = [400]
    const [first, second] = [add('a.jpg', 'same'), add('b.jpg', 'same')]
    await reaches(first, 'failed')
    await reaches(second, 'processing')
  })

  test('the second is remembered again when it takes the place of the first', async () => {
    server.putMs = 60_000
    const [first, second] = [add('a.jpg', 'same'), add('b.jpg', 'same')]
    await reaches(second, 'duplicate')
    await vi.waitFor(() => expect(journal.has(second.key)).toBe(false))
    queue.pause()
    await queue.remove(first)
    expect(journal.has(second.key)).toBe(true)
  })

  test('the second fails as the first did, and is not sent, when the server could make nothing of that', async () => {
    const [first, second] = [add('a.jpg', 'same'), add('b.jpg', 'same')]
    await reaches(first, 'processing')
    server.uploads.get('u1')!.state = 'failed'
    for (const upload of [first, second, add('c.jpg', 'same')]) {
      await reaches(upload, 'failed')
      expect(upload).toMatchObject({ code: 'truncated', reason: 'The file is incomplete.' })
    }
    expect(server.puts).toBe(1)
    expect(journal.size).toBe(0)
  })

  test('the second leads to the item of the first when that is taken off the list', async () => {
    const [first, second] = [add('a.jpg', 'same'), add('b.jpg', 'same')]
    await reaches(first, 'processing')
    server.ingest('u1')
    await reaches(first, 'ready')
    await queue.remove(first)
    await vi.waitFor(() => expect(second).toMatchObject({ state: 'duplicate', itemId: 'item-u1' }))
  })
})

describe('a file that comes again', () => {
  const named = (name: string) => [...queue.uploads.values()].filter((upload) => upload.name === name)

  test('after it failed has one line, and is sent where that may go well', async () => {
    server.failures = [400]
    await reaches(add('a.jpg'), 'failed')
    const again = add('a.jpg')
    expect(named('a.jpg')).toEqual([again])
    await reaches(again, 'processing')
  })

  test('after the server could make nothing of it has one line, and is not sent', async () => {
    const first = add('a.jpg')
    await reaches(first, 'processing')
    server.uploads.get('u1')!.state = 'failed'
    await reaches(first, 'failed')
    const again = add('a.jpg')
    await reaches(again, 'failed')
    expect(named('a.jpg')).toEqual([again])
    expect(server.puts).toBe(1)
  })

  test('while it is on its way has one line', async () => {
    server.putMs = 60_000
    const first = add('a.jpg')
    await reaches(first, 'sending')
    add('a.jpg')
    await vi.waitFor(() => expect(named('a.jpg')).toEqual([first]))
    expect([...journal.keys()]).toEqual([first.key])
  })

  test('has one line that says that it is there already, however often it comes', async () => {
    const first = add('a.jpg')
    await reaches(first, 'processing')
    server.ingest('u1')
    await reaches(first, 'ready')
    for (let time = 0; time < 2; time++) await reaches(add('a.jpg'), 'duplicate')
    expect(named('a.jpg').map(({ state }) => state)).toEqual(['ready', 'duplicate'])
  })

  test('with other bytes is another file, though it has the same name', async () => {
    await reaches(add('a.jpg', 'one'), 'processing')
    await reaches(add('a.jpg', 'two'), 'processing')
    expect(named('a.jpg')).toHaveLength(2)
  })
})

test('an empty file fails at once, and the server hears nothing of it', () => {
  expect(add('a.jpg', '')).toMatchObject({ state: 'failed', code: 'empty_file', reason: 'The file is empty.' })
  expect(server.asked).toEqual([])
  expect(journal.size).toBe(0)
})

describe('a line without its file', () => {
  test('goes when its file comes again, which goes on with the upload', async () => {
    const hash = await sha256Of(new Blob(['beach.jpg']))
    server.uploads.set('u0', { id: 'u0', size: 9, sha256: hash, state: 'waiting', parts: new Map() })
    queue.addAbsent('missing', { key: 'noted', name: 'beach.jpg', size: 9, sha256: hash, uploadId: 'u0' })
    const upload = add('beach.jpg')
    await reaches(upload, 'processing')
    expect(upload.uploadId).toBe('u0')
    expect([...queue.uploads.values()].map(({ state }) => state)).toEqual(['processing'])
  })

  test('leaves nothing open when its file comes again and is cancelled at once', async () => {
    server.uploads.set('u0', { id: 'u0', size: 9, sha256: 'hash', state: 'waiting', parts: new Map() })
    queue.addAbsent('missing', { key: 'noted', name: 'beach.jpg', size: 9, sha256: 'hash', uploadId: 'u0' })
    queue.pause()
    await queue.remove(add('beach.jpg'))
    expect(await server.open()).toEqual([])
  })

  test.each(['missing', 'elsewhere'] as const)('that says %s goes when its bytes come', async (state) => {
    const sha256 = await sha256Of(new Blob(['beach.jpg']))
    queue.addAbsent(state, { key: 'earlier', name: 'another name.jpg', size: 9, sha256, uploadId: 'u0' })
    await reaches(add('beach.jpg'), 'processing')
    expect(queue.uploads.has('earlier')).toBe(false)
  })

  test('stays when another file of the same size comes', async () => {
    queue.addAbsent('missing', { key: 'other', name: 'shore.jpg', size: 9, sha256: 'another hash', uploadId: null })
    await reaches(add('beach.jpg'), 'processing')
    expect(queue.uploads.has('other')).toBe(true)
  })

  test('says that the file is in the library once it is', async () => {
    queue.addAbsent('missing', { key: 'there', name: 'there.jpg', size: 9, sha256: 'hash-1', uploadId: 'u1' })
    queue.addAbsent('missing', { key: 'not', name: 'not.jpg', size: 9, sha256: 'hash-2', uploadId: 'u2' })
    server.library.set('hash-1', 'item-1')
    queue.checkMissing()
    await vi.waitFor(() => expect(queue.uploads.get('there')).toMatchObject({ state: 'duplicate', itemId: 'item-1' }))
    expect(queue.uploads.get('not')!.state).toBe('missing')
  })

  test('of another device ends nothing there when it is removed', async () => {
    server.uploads.set('u0', { id: 'u0', size: 9, sha256: 'hash', state: 'waiting', parts: new Map() })
    queue.addAbsent('elsewhere', { key: 'u0', name: 'beach.jpg', size: 9, sha256: 'hash', uploadId: 'u0' })
    await queue.remove(queue.uploads.get('u0')!)
    expect(queue.uploads.size).toBe(0)
    expect(server.uploads.get('u0')!.state).toBe('waiting')
  })
})

describe('a file that is not what it was', () => {
  test('says so when it can no longer be read', async () => {
    const gone = source('gone.jpg')
    vi.spyOn(gone.file, 'slice').mockImplementation(() => {
      throw new DOMException('The file is gone.', 'NotFoundError')
    })
    const upload = queue.add(gone)
    await reaches(upload, 'failed')
    expect(upload.reason).toBe('The file can’t be read. It may have been moved or changed.')
  })

  test('says so when it has changed since it was read, instead of blaming the connection', async () => {
    const changed = source('beach.jpg')
    let go = () => {}
    server.beforeBegin = new Promise((resolve) => (go = resolve))
    server.failures = [0]
    const upload = queue.add(changed)
    await reaches(upload, 'sending')
    vi.spyOn(changed.file, 'slice').mockReturnValue({
      arrayBuffer: () => Promise.reject(new DOMException('The file has changed.', 'NotReadableError')),
    } as never)
    go()
    await reaches(upload, 'failed')
    expect(upload.reason).toBe('The file can’t be read. It may have been moved or changed.')
    expect(server.puts).toBe(1)
  })

  test('is taken as it is now when it is tried again, and what was begun of the old one is given up', async () => {
    const { file } = source('film.mov', 'before')
    const handle = { getFile: async () => file } as unknown as FileSystemFileHandle
    server.failures = [400]
    const upload = queue.add({ file, handle, folder: null, path: null })
    await reaches(upload, 'failed')
    handle.getFile = async () => source('film.mov', 'afterwards').file
    queue.retry(upload)
    await reaches(upload, 'processing')
    expect(upload).toMatchObject({ size: 10, sha256: await sha256Of(new Blob(['afterwards'])), uploadId: 'u2' })
    expect(server.uploads.get('u1')!.state).toBe('aborted')
  })
})
