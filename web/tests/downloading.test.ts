import { afterAll, beforeEach, expect, test, vi } from 'vitest'
import type * as Downloads from '../src/downloads/downloads'

const sign = vi.hoisted(() => vi.fn<(body: { ids: string[] }) => Promise<object>>())
vi.mock('../src/api/client', () => ({
  answer: (call: Promise<unknown>) => call,
  api: { POST: (_: string, { body }: { body: { ids: string[] } }) => sign(body) },
}))
const session = vi.hoisted(() => ({ leave: () => {} }))
vi.mock('../src/auth/session', () => ({ beforeLeaving: (onLeave: () => void) => (session.leave = onLeave) }))
vi.mock('../src/downloads/saving', () => ({ openSaving: () => null }))

const click = vi.fn()
let downloads: typeof Downloads
beforeEach(async () => {
  vi.resetModules()
  vi.clearAllMocks()
  vi.stubGlobal('window', new EventTarget())
  vi.stubGlobal('document', { createElement: () => ({ click }) })
  vi.stubGlobal('fetch', async () => new Response('bytes'))
  downloads = await import('../src/downloads/downloads')
})
afterAll(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

function signed({ ids }: { ids: string[] }) {
  const files = ids.map((itemId) => ({ itemId, url: `https://store/${itemId}`, filename: `${itemId}.jpg`, sizeBytes: 5, takenAtLocal: '2024-07-14T10:00:00' }))
  return Promise.resolve({ files, expiresAt: new Date(Date.now() + 900_000).toISOString() })
}

test('a photo is not saved any more where its address comes after that was broken off', async () => {
  let tell = () => {}
  sign.mockImplementation((body) => new Promise<void>((resolve) => (tell = resolve)).then(() => signed(body)))
  const downloading = downloads.downloadItems(1, async () => ['a'])
  await vi.waitFor(() => expect(sign).toHaveBeenCalled())
  downloads.cancelDownload()
  tell()
  await downloading
  expect(click).not.toHaveBeenCalled()
})

test('whoever leaves the page is not asked to stay for a download that they thereby end', async () => {
  const asks = () => !window.dispatchEvent(new Event('beforeunload', { cancelable: true }))
  void downloads.downloadItems(2, () => new Promise(() => {}))
  expect(asks()).toBe(true)
  session.leave()
  expect(asks()).toBe(false)
})

test('what is under way never shows how far the one before had come', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  sign.mockImplementation(signed)
  await downloads.downloadItems(2, async () => ['a', 'b'])
  expect(click).toHaveBeenCalledOnce()
  void downloads.downloadItems(5, () => new Promise(() => {}))
  vi.advanceTimersByTime(1000)
  expect(downloads.download.value).toMatchObject({ items: 5, done: 0 })
})
