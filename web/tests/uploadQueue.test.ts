import { beforeEach, describe, expect, test, vi } from 'vitest'
import { Problem } from '../src/api/problem'
import { sha256Of } from '../src/uploads/hashing'
import type { Upload } from '../src/uploads/upload'
import type { UploadQueue } from '../src/uploads/uploadQueue'
import { reaches, setUp, source } from './uploadQueueSetUp'
import type { ServerInMemory } from './uploadServerFake'

let server: ServerInMemory
let queue: UploadQueue
let pauses: number[]
let journal: Map<string, string | null>
let forgotten: string[]
let add: (name: string, content?: string) => Upload

beforeEach(() => {
  ;({ server, queue, pauses, journal, forgotten, add } = setUp())
})

describe('a small file', () => {
  test('is hashed, sent with one PUT, and followed until it is in the library', async () => {
    const upload = add('beach.jpg')
    await reaches(upload, 'processing')
    expect(upload).toMatchObject({ sent: upload.size, sha256: await sha256Of(new Blob(['beach.jpg'])) })
    server.ingest(upload.uploadId!)
    await reaches(upload, 'ready')
    expect(upload.itemId).toBe(`item-${upload.uploadId}`)
  })

  test('that the library has is not sent, and its item is named', async () => {
    server.library.set(await sha256Of(new Blob(['beach.jpg'])), 'item-9')
    const upload = add('beach.jpg')
    await reaches(upload, 'duplicate')
    expect(upload).toMatchObject({ itemId: 'item-9', reason: 'Already in your library' })
    expect(server.asked).toEqual(['check'])
  })

  test('that was dropped twice is sent once', async () => {
    const first = add('beach.jpg', 'same')
    const second = add('beach (1).jpg', 'same')
    await reaches(second, 'duplicate')
    expect(second.reason).toBe('The same file as beach.jpg')
    await reaches(first, 'processing')
    expect(server.puts).toBe(1)
  })

  test.each([
    ['of another name', 'beach (1).jpg'],
    ['chosen a second time', 'beach.jpg'],
  ])('%s and with the same bytes is not forgotten until these have arrived', async (_, name) => {
    const begin = server.begin.bind(server)
    let goOn = () => {}
    const held = new Promise<void>((resolve) => (goOn = resolve))
    server.begin = async (...asked) => held.then(() => begin(...asked))
    const first = add('beach.jpg', 'same')
    await reaches(first, 'sending')
    const second = add(name, 'same')
    await vi.waitFor(() => expect(second.hashed).toBe(second.size))
    await vi.waitFor(() => expect(second.state).not.toBe('hashing'))
    expect(forgotten).toEqual([])
    goOn()
    await reaches(first, 'processing')
    await vi.waitFor(() => expect([...forgotten].sort()).toEqual([first.key, second.key].sort()))
  })

  test('that is given up takes along what was kept in its place', async () => {
    server.putMs = 60_000
    const first = add('beach.jpg', 'same')
    await reaches(first, 'sending')
    const second = add('beach.jpg', 'same')
    await vi.waitFor(() => expect(queue.uploads.has(second.key)).toBe(false))
    expect(forgotten).toEqual([])
    await queue.remove(first)
    expect([...forgotten].sort()).toEqual([first.key, second.key].sort())
  })

  test('is sent again, more and more seldom, when the connection breaks or the address has run out', async () => {
    server.failures = [0, 503, 403]
    const upload = add('beach.jpg')
    await reaches(upload, 'processing')
    expect(server.puts).toBe(4)
    expect(pauses).toHaveLength(3)
    expect(pauses[2]).toBeGreaterThan(pauses[0]!)
  })

  test('that arrived although nobody heard of it is not sent again', async () => {
    server.lostAnswers = 1
    await reaches(add('beach.jpg'), 'processing')
    expect(pauses).toHaveLength(1)
    expect(server.puts).toBe(1)
  })

  test('that the store refuses for good fails with the reason, and can be tried again', async () => {
    server.failures = [400]
    const upload = add('beach.jpg')
    await reaches(upload, 'failed')
    expect(upload.reason).toContain('400')
    queue.retry(upload)
    await reaches(upload, 'processing')
  })

  test('that the server turns away fails and says why', async () => {
    server.problems = [new Problem(503, 'unavailable', 'Later.'), new Problem(413, 'storage_full', 'Your library is full.')]
    const upload = add('beach.jpg')
    await reaches(upload, 'failed')
    expect(upload.reason).toBe('Your library is full.')
  })

  test('that turns out damaged fails and says why', async () => {
    const upload = add('beach.jpg')
    await reaches(upload, 'processing')
    server.uploads.get(upload.uploadId!)!.state = 'failed'
    await reaches(upload, 'failed')
    expect(upload.reason).toBe('The file is incomplete.')
  })

  test('waits as long as a busy server asks for, and says so', async () => {
    server.problems = [new Problem(503, 'unavailable', ''), new Problem(429, 'too_many_requests', 'Slowly.', [], 40)]
    const upload = add('beach.jpg')
    let shown = {}
    vi.spyOn(pauses, 'push').mockImplementation((milliseconds) => {
      shown = { state: upload.state, reason: upload.reason, milliseconds }
      return 0
    })
    await reaches(upload, 'processing')
    expect(shown).toEqual({ state: 'waiting', reason: 'Waiting until the server takes more', milliseconds: 40_000 })
  })

  test.each([
    new Problem(429, 'too_many_requests', 'Slowly.'),
    new Problem(503, 'unavailable', 'Later.'),
    new Problem(409, 'too_many_uploads', 'Finish some first.', [], 5),
  ])('goes on waiting for as long as the server asks for it: $status', async (problem) => {
    server.problems = [new Problem(503, 'unavailable', ''), ...Array.from({ length: 40 }, () => problem)]
    await reaches(add('beach.jpg'), 'processing')
    expect(pauses).toHaveLength(40)
  })

  test('tells where in its folder it lay, and nothing of one that was chosen by itself', async () => {
    const inFolder = { ...source('beach.jpg'), path: 'trip/day two/beach.jpg' }
    for (const upload of [queue.add(inFolder), add('alone.jpg')]) await reaches(upload, 'processing')
    expect(server.paths).toEqual(['trip/day two/beach.jpg', null])
  })
})

describe('a large file', () => {
  const content = 'x'.repeat(39) + 'y'.repeat(170)

  test('is sent in parts, each bound to its hash, and put together', async () => {
    const upload = add('film.mov', content)
    await reaches(upload, 'processing')
    expect([...server.uploads.get('u1')!.parts.values()]).toHaveLength(6)
    expect(server.uploads.get('u1')!.state).toBe('received')
    expect(upload.sent).toBe(209)
  })

  test('goes on with the parts that are missing', async () => {
    const hash = await sha256Of(new Blob([content]))
    const parts = new Map([[1, 40], [2, 40], [3, 17]])
    server.uploads.set('u0', { id: 'u0', size: 209, sha256: hash, state: 'waiting', parts })
    await reaches(add('film.mov', content), 'processing')
    expect(server.asked.filter((call) => call.startsWith('part')).sort()).toEqual(['part 3', 'part 4', 'part 5', 'part 6'])
  })

  test('sends a part again that broke off', async () => {
    server.failures = [0, 500]
    await reaches(add('film.mov', content), 'processing')
    expect(server.puts).toBe(8)
  })

  test('sends what the server says is missing before it is put together', async () => {
    const complete = server.complete.bind(server)
    vi.spyOn(server, 'complete').mockImplementationOnce(async (id) => {
      server.uploads.get(id)!.parts.delete(4)
      await complete(id)
    })
    await reaches(add('film.mov', content), 'processing')
    expect(server.puts).toBe(7)
  })
})

describe('a big batch', () => {
  const addMany = (count: number) => Array.from({ length: count }, (_, n) => add(`${n}.jpg`))
  const states = (uploads: Upload[]) => new Set(uploads.map(({ state }) => state))

  test('comes through whole though ingest looks at none of it, by telling at the limit what has arrived', async () => {
    server.mostWaiting = 40
    server.putMs = 0
    const uploads = addMany(300)
    await vi.waitFor(() => expect(states(uploads)).toEqual(new Set(['processing'])), { timeout: 20_000, interval: 20 })
    expect(pauses).toEqual([])
    expect(server.puts).toBe(300)
  })

  test('waits where the limit is reached by what really lacks bytes, and goes on when there is room', async () => {
    server.uploads.set('u0', { id: 'u0', size: 9, sha256: 'of another device', state: 'waiting', parts: new Map() })
    server.mostWaiting = 1
    vi.spyOn(pauses, 'push').mockImplementation((milliseconds) => {
      if (pauses.length++ === 20) server.uploads.get('u0')!.state = 'received'
      return milliseconds
    })
    const uploads = addMany(3)
    for (const upload of uploads) await reaches(upload, 'processing')
    expect(pauses.length).toBeGreaterThan(20)
  })

  test('is told of in few requests', async () => {
    server.putMs = 0
    const uploads = addMany(100)
    const received = () => [...server.uploads.values()].filter(({ state }) => state === 'received')
    await vi.waitFor(() => expect(received()).toHaveLength(100), { timeout: 10_000 })
    expect(states(uploads)).toEqual(new Set(['processing']))
    expect(server.asked.filter((call) => call.startsWith('complete')).length).toBeLessThan(12)
  })
})

describe('the queue', () => {
  test('sends three at a time, parts and whole files together', async () => {
    const uploads = Array.from({ length: 12 }, (_, n) => add(`${n}.jpg`, n % 3 ? `${n}` : `${n}`.repeat(190)))
    for (const upload of uploads) await reaches(upload, 'processing')
    expect(server.mostPutsAtOnce).toBe(3)
  })

  test('asks about many files at once', async () => {
    const uploads = Array.from({ length: 30 }, (_, n) => add(`${n}.jpg`))
    for (const upload of uploads) await reaches(upload, 'processing')
    expect(server.asked.filter((call) => call === 'check').length).toBeLessThan(5)
  })

  test('is not held up by a file that fails', async () => {
    server.failures = [400]
    const uploads = Array.from({ length: 5 }, (_, n) => add(`${n}.jpg`))
    await vi.waitFor(() => expect(uploads.every(({ state }) => ['processing', 'failed'].includes(state))).toBe(true))
    expect(uploads.filter(({ state }) => state === 'failed')).toHaveLength(1)
  })

  test('stops when the session has ended, and goes on after the next login', async () => {
    server.problems = [new Problem(503, 'unavailable', ''), new Problem(401, 'session_ended', 'Log in again.')]
    const upload = add('beach.jpg')
    await reaches(upload, 'waiting')
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(upload.state).toBe('waiting')
    queue.resume()
    await reaches(upload, 'processing')
  })

  test('cancels a file wherever it is, and tells the server', async () => {
    server.putMs = 60_000
    const upload = add('beach.jpg')
    await vi.waitFor(() => expect(upload.uploadId).toBe('u1'))
    expect(upload.state).toBe('sending')
    await queue.remove(upload)
    expect(queue.uploads.size).toBe(0)
    expect(server.uploads.get('u1')!.state).toBe('aborted')
    server.putMs = 2
    await reaches(add('next.jpg'), 'processing')
  })

  test('shows that a file is there which was cancelled too late', async () => {
    server.putMs = 60_000
    const upload = add('beach.jpg')
    await vi.waitFor(() => expect(upload.uploadId).toBe('u1'))
    server.uploads.get('u1')!.isStored = true
    await queue.remove(upload)
    expect([...queue.uploads.values()]).toEqual([upload])
    expect(upload.state).toBe('processing')
    await vi.waitFor(() => expect(journal.size).toBe(0))
    server.ingest('u1')
    await reaches(upload, 'ready')
  })

  test('shows that a file is there which arrived as it was cancelled', async () => {
    server.complete = async (id) => {
      server.uploads.get(id)!.state = 'received'
      void queue.remove(upload)
    }
    const upload = add('film.mp4', 'x'.repeat(130))
    await reaches(upload, 'processing')
    await vi.waitFor(() => expect([...queue.uploads.values()]).toEqual([upload]))
  })

  test('does not take off the list a file that has arrived: it is told of all the same', async () => {
    const upload = add('beach.jpg')
    await reaches(upload, 'processing')
    await queue.remove(upload)
    expect([...queue.uploads.values()]).toEqual([upload])
    server.ingest('u1')
    await reaches(upload, 'ready')
  })

  test('sends a file that is chosen again after it was cancelled as its last bytes were read', async () => {
    const one = source('beach.jpg', 'same')
    const bytes = await one.file.arrayBuffer()
    one.file.slice = () => Object.assign(new Blob(), { arrayBuffer: async () => (await queue.remove(upload), bytes) })
    const upload = queue.add(one)
    await vi.waitFor(() => expect(queue.uploads.size).toBe(0))
    await reaches(add('beach.jpg', 'same'), 'processing')
    expect(forgotten).toContain(upload.key)
    expect(journal.has(upload.key)).toBe(false)
  })

  test('leaves nothing open of a file that was cancelled while its upload was being begun', async () => {
    let go = () => {}
    server.beforeBegin = new Promise((resolve) => (go = resolve))
    const upload = add('beach.jpg')
    await reaches(upload, 'sending')
    await queue.remove(upload)
    go()
    await vi.waitFor(() => expect(server.uploads.get('u1')?.state).toBe('aborted'))
    expect(server.puts).toBe(0)
  })

  test('leaves nothing open of a file that failed, once it is off the list', async () => {
    server.failures = [400]
    const upload = add('beach.jpg')
    await reaches(upload, 'failed')
    await queue.remove(upload)
    expect(await server.open()).toEqual([])
  })

  test('takes a file off the list that the server could not make anything of', async () => {
    const upload = add('beach.jpg')
    await reaches(upload, 'processing')
    server.uploads.get('u1')!.state = 'failed'
    await reaches(upload, 'failed')
    await queue.remove(upload)
    expect(queue.uploads.size).toBe(0)
  })

  test('shows why a file is being tried again', async () => {
    server.failures = [0]
    let trouble = ''
    vi.spyOn(pauses, 'push').mockImplementation(() => {
      trouble = upload.reason
      return 0
    })
    const upload = add('beach.jpg')
    await reaches(upload, 'processing')
    expect(trouble).toBe('The connection broke off.')
    expect(upload.reason).toBe('')
  })

  test('remembers what is not sent yet, and forgets it once the server has it', async () => {
    const upload = add('beach.jpg')
    expect(journal.has(upload.key)).toBe(true)
    await reaches(upload, 'processing')
    await vi.waitFor(() => expect(journal.size).toBe(0))
  })
})
