import 'fake-indexeddb/auto'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Problem } from '../src/api/problem'
import { fromFileList, isToSend } from '../src/uploads/droppedFiles'
import { workerHash } from '../src/uploads/hasher'
import { sha256Of } from '../src/uploads/hashing'
import { backoffMs, pauseWhileOffline, TransferFailed, withRetries } from '../src/uploads/retrying'
import { Journal } from '../src/uploads/journal'
import { storage } from '../src/storage'
import { sizeName } from '../src/texts/formats'
import { shownName, summarise, type Upload } from '../src/uploads/upload'

function upload(state: Upload['state'], size = 100, sent = 0): Upload {
  const key = `${state}-${Math.random()}`
  return { key, name: key, size, sent, state, source: null, hashed: 0, sha256: null, uploadId: null, itemId: null, reason: '', code: null }
}

async function webCryptoSha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

describe('hashing', () => {
  test('of a file in many slices is the hash of the whole, and tells how far it is', async () => {
    const bytes = new Uint8Array(9 * 1024 * 1024 + 17).map((_, index) => index * 31)
    const told: number[] = []
    const hash = await sha256Of(new Blob([bytes]), (read) => told.push(read))
    expect(hash).toBe(await webCryptoSha256(bytes))
    expect(told).toEqual([4194304, 8388608, bytes.length])
  })

  test('of an empty file is the hash of nothing', async () => {
    expect(await sha256Of(new Blob([]))).toBe(await webCryptoSha256(new Uint8Array()))
  })

  test('stops between two slices when it is cancelled', async () => {
    const abort = new AbortController()
    const hashing = sha256Of(new Blob([new Uint8Array(9_000_000)]), () => abort.abort(new Error('enough')), abort.signal)
    await expect(hashing).rejects.toThrow('enough')
  })
})

describe('the summary', () => {
  test('tells what the same file would fail by again from what may be tried again', () => {
    const failed = (code: Upload['code']) => ({ ...upload('failed'), source: {} as Upload['source'], code })
    const { count } = summarise([failed('unsupported_type'), failed('too_many_pixels'), failed('truncated'), failed('empty_file'), failed(null)])
    expect([count.failed, count.unreadable, count.retriable]).toEqual([5, 3, 1])
  })

  test('counts bytes that have arrived, and those that need not be sent', () => {
    const { share, sentBytes, bytes } = summarise([upload('sending', 100, 50), upload('duplicate', 100), upload('queued', 200)])
    expect({ share, sentBytes, bytes }).toEqual({ share: 150 / 400, sentBytes: 150, bytes: 400 })
  })

  test('puts what needs someone first, then what moves, then what waits, then the latest that is done', () => {
    const all = [upload('ready'), upload('waiting'), upload('processing'), upload('failed'), upload('sending'), upload('duplicate')]
    const { attention, active, ready, duplicate } = summarise(all)
    expect([attention, active, ready, duplicate].map((group) => group.map(({ state }) => state))).toEqual([
      ['failed'],
      ['sending', 'processing', 'waiting'],
      ['ready'],
      ['duplicate'],
    ])
  })

  test('asks nobody to see to what another device is sending', () => {
    const { attention, active } = summarise([upload('elsewhere'), upload('missing'), upload('queued')])
    expect(attention.map(({ state }) => state)).toEqual(['missing'])
    expect(active.map(({ state }) => state)).toEqual(['queued', 'elsewhere'])
  })

  test('shows some of very many, and says how many more there are', () => {
    const { active, hidden } = summarise(Array.from({ length: 5000 }, () => upload('queued')))
    expect(active.length + hidden.active).toBe(5000)
    expect(active.length).toBeLessThan(100)
  })

  test('tells what keeps files from being sent, as long as none is', () => {
    const held = { ...upload('waiting'), reason: 'Waiting until the server takes more' }
    expect(summarise([held, upload('waiting')]).obstacle).toBe('Waiting until the server takes more')
    expect(summarise([held, upload('sending')]).obstacle).toBe('')
  })

  test('does not count what only waits for its file', () => {
    const { count, bytes } = summarise([upload('missing'), upload('asleep'), upload('elsewhere')])
    expect([count.running, bytes]).toEqual([0, 0])
  })
})

describe('the files of a folder', () => {
  function inFolder(path: string): File {
    return Object.defineProperty(new File([], path.split('/').pop()!), 'webkitRelativePath', { value: path })
  }

  test('are all of it but what is hidden', () => {
    const files = ['trip/beach.jpg', 'trip/.DS_Store', 'trip/._beach.jpg', 'trip/.thumbnails/beach.jpg'].map(inFolder)
    expect(fromFileList(files).map(({ file, path }) => [file.name, path])).toEqual([['beach.jpg', 'trip/beach.jpg']])
  })

  test('are told from what was chosen by itself, which is taken as it is', () => {
    const chosen = Object.defineProperty(new File([], '.hidden.txt'), 'webkitRelativePath', { value: '' })
    expect(fromFileList([chosen]).map(({ file, path }) => [file.name, path])).toEqual([['.hidden.txt', null]])
  })

  test('are photos and videos by what the browser or Pinhole knows of their names', () => {
    const known = [new File([], 'a.jpg', { type: 'image/jpeg' }), new File([], 'a', { type: 'video/mp4' }), new File([], 'A.HEIC'), new File([], 'a.MTS')]
    const sent = (files: File[], path: string | null) => files.filter((file) => isToSend({ file, path })).map(({ name }) => name)
    expect(sent(known, 'trip/a')).toEqual(known.map(({ name }) => name))
    const others = ['metadata.json', 'heic', 'a.heic.xmp', 'Thumbs.db', 'notes.txt'].map((name) => new File([], name))
    expect(sent(others, 'trip/a')).toEqual([])
    // Chosen by themselves, those whose names say nothing may be photos too.
    expect(sent([new File([], 'IMG_0001'), new File([], 'a.JPG.bak'), new File([], 'notes.TXT')], null)).toEqual(['IMG_0001', 'a.JPG.bak'])
  })
})

test('a name cannot hide its extension behind a turned direction', () => {
  expect(shownName('beach\u202Egpj.exe')).toBe('beachgpj.exe')
  expect(shownName('👩\u200D👧 می\u200Cخواهم.jpg')).toBe('👩\u200D👧 می\u200Cخواهم.jpg')
})

test('a file is noted for the next visit, whether the browser gave a handle for it or not', async () => {
  const journal = new Journal(storage, { forget: async () => {} }, () => 7)
  const file = new File(['12345'], 'beach.jpg', { lastModified: 1e12 })
  await journal.note('a', { file, handle: null, folder: null, path: 'trip/beach.jpg' }, 'hash')
  expect(await journal.entries()).toEqual([
    { id: 'a', userId: 7, handle: null, folder: null, path: 'trip/beach.jpg', name: 'beach.jpg', sizeBytes: 5, lastModified: 1e12, sha256: 'hash' },
  ])
})

test('no worker starts before there is something to hash', () => {
  const start = vi.fn()
  workerHash(start)
  expect(start).not.toHaveBeenCalled()
})

test('a worker that breaks down fails the files it was to hash, and those that come later', async () => {
  const worker = Object.assign(new EventTarget(), { postMessage: () => {} })
  const hash = workerHash(() => worker as unknown as Worker)
  const signal = new AbortController().signal
  const hashing = hash(new Blob(['1']), () => {}, signal)
  worker.dispatchEvent(new Event('error'))
  await expect(hashing).rejects.toThrow('Reload the page.')
  await expect(hash(new Blob(['2']), () => {}, signal)).rejects.toThrow('Reload the page.')
})

test('attempts are spread out, come further and further apart, and never more than half a minute', () => {
  expect([0, 1, 2].map((failures) => backoffMs(failures, 1))).toEqual([500, 1000, 2000])
  expect(backoffMs(2, 0)).toBe(1000)
  expect(backoffMs(40, 1)).toBe(30_000)
})

describe('an attempt that fails', () => {
  const never = new AbortController().signal
  const noPause = async () => {}
  const failing = (...errors: Error[]) =>
    vi.fn(async () => {
      const error = errors.shift()
      if (error) throw error
    })
  const times = (count: number, error: Error): Error[] => Array.from({ length: count }, () => error)

  test.each([new Problem(0, 'unreachable', ''), new Problem(429, 'too_many_requests', ''), new Problem(503, 'unavailable', ''), new TransferFailed(0), new TransferFailed(502)])(
    'because something is away for long is made until it is back',
    async (error) => {
      const work = failing(...times(50, error))
      await withRetries(noPause, never, work)
      expect(work).toHaveBeenCalledTimes(51)
    },
  )

  test.each([new Problem(500, 'http_500', 'A defect.'), new TransferFailed(403)])('because it is refused each time is given up', async (error) => {
    const work = failing(...times(50, error))
    await expect(withRetries(noPause, never, work)).rejects.toBe(error)
    expect(work).toHaveBeenCalledTimes(7)
  })

  test('because the server asks for a wait is made again after just that, however often', async () => {
    const waits: number[] = []
    const work = failing(...times(20, new Problem(409, 'too_many_uploads', 'Finish some first.', [], 2)))
    await withRetries(async (milliseconds) => void waits.push(milliseconds), never, work)
    expect(new Set(waits)).toEqual(new Set([2000]))
  })

  test('after a long outage, because its address has run out, is made again', async () => {
    const work = failing(...times(20, new TransferFailed(0)), new TransferFailed(403))
    await withRetries(noPause, never, work)
    expect(work).toHaveBeenCalledTimes(22)
  })
})

describe('the pause between two attempts', () => {
  let network: EventTarget
  let abort: AbortController

  function pausing(milliseconds: number) {
    const ended = vi.fn()
    pauseWhileOffline(milliseconds, abort.signal, new TransferFailed(0)).then(() => ended('over'), ended)
    return ended
  }

  beforeEach(() => {
    vi.useFakeTimers()
    network = new EventTarget()
    abort = new AbortController()
    vi.stubGlobal('window', network)
    vi.stubGlobal('navigator', { onLine: true })
  })
  afterEach(() => {
    vi.useRealTimers()
    vi.unstubAllGlobals()
  })

  test('lasts as long as it is to', async () => {
    const ended = pausing(1000)
    await vi.advanceTimersByTimeAsync(999)
    expect(ended).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    expect(ended).toHaveBeenCalledWith('over')
  })

  test('ends when the network comes back, and not before', async () => {
    vi.stubGlobal('navigator', { onLine: false })
    const [short, long] = [pausing(10), pausing(30_000)]
    await vi.advanceTimersByTimeAsync(5000)
    expect(short).not.toHaveBeenCalled()
    network.dispatchEvent(new Event('online'))
    await vi.advanceTimersByTimeAsync(0)
    expect(short).toHaveBeenCalledWith('over')
    expect(long).toHaveBeenCalledWith('over')
  })

  test('ends when the upload is cancelled', async () => {
    const ended = pausing(1000)
    abort.abort('enough')
    await vi.advanceTimersByTimeAsync(0)
    expect(ended).toHaveBeenCalledWith('enough')
  })
})

test('sizes are written in the largest unit that fits', () => {
  expect([0, 999, 45_000, 3_456_789, 10_700_000_000].map(sizeName)).toEqual(['0 bytes', '999 bytes', '45 kB', '3.5 MB', '10.7 GB'])
})
