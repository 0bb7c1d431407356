import 'fake-indexeddb/auto'
import { openDB } from 'idb'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type SharedFile, withShared } from '../../src/sharedFiles'
import { takeShared } from '../../src/worker/share'

const HERE = 'https://photos.example'

function waiting(): Promise<SharedFile[]> {
  return withShared((db) => db.getAll('files'))
}

/** What is answered to the request that the system makes for an app that shares. */
async function share(files: File[], headers: Record<string, string> = {}): Promise<[number, string | null]> {
  const body = new FormData()
  body.append('title', 'From my phone')
  for (const file of files) body.append('files', file)
  const request = new Request(`${HERE}/share`, { method: 'POST', body })
  for (const [name, value] of Object.entries(headers)) request.headers.set(name, value)
  const { status, headers: answered } = (await takeShared({ request } as FetchEvent))!
  return [status, answered.get('Location')]
}

async function logIn(userId: number | null): Promise<void> {
  const db = await openDB('pinhole', 1, { upgrade: (making) => void making.createObjectStore('session') })
  if (userId === null) await db.delete('session', 'current')
  else await db.put('session', { user: { id: userId } }, 'current')
  db.close()
}

const photo = () => new File(['a photo'], 'a.jpg', { type: 'image/jpeg', lastModified: 1e12 })

beforeEach(async () => {
  vi.stubGlobal('location', new URL(HERE))
  vi.spyOn(console, 'error').mockImplementation(() => {})
  await withShared((db) => db.clear('files'))
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

test('what is shared before anybody ever logged in is kept for who will, and the photos are led to', async () => {
  expect(await share([photo()], { Origin: HERE })).toEqual([303, `${HERE}/`])
  expect(await waiting()).toMatchObject([{ userId: null, name: 'a.jpg' }])
})

test('what is shared is of who is logged in, and of nobody after they have logged out', async () => {
  await logIn(7)
  await share([photo(), photo()])
  expect((await waiting()).map(({ userId }) => userId)).toEqual([7, 7])
  await logIn(null)
  await share([photo()])
  expect((await waiting()).map(({ userId }) => userId).sort()).toEqual([7, 7, null])
})

test.each([
  ['the system, which has none', {}],
  ['the system, or another site, which are opaque', { Origin: 'null' }],
])('by the origin of %s it is unsure, and the page is told what has just been shared', async (_, headers) => {
  const [status, led] = await share([photo(), photo()], headers)
  const [one, other] = await waiting()
  expect([status, led]).toEqual([303, `${HERE}/?shared=${one!.unsure}`])
  expect(one!.unsure).toMatch(/^[0-9a-f-]{36}$/)
  expect(other!.unsure).toBe(one!.unsure)
})

test('what the page itself sends is sure', async () => {
  expect(await share([photo()], { Origin: HERE })).toEqual([303, `${HERE}/`])
  expect(await waiting()).toMatchObject([{ unsure: null }])
})

test('what another site sends is refused', async () => {
  expect((await share([photo()], { Origin: 'https://other.example' }))[0]).toBe(403)
  expect(await waiting()).toEqual([])
})

test.each(['QuotaExceededError', 'UnknownError'])('where there is no room nothing is kept, and a page says so: %s', async (name) => {
  const put = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementationOnce(() => {
    throw new DOMException('No room.', name)
  })
  expect(await share([photo(), photo()])).toEqual([303, `${HERE}/share?full`])
  put.mockRestore()
  expect(await waiting()).toEqual([])
})

test('what is more than a browser can read at once leads to that page too', async () => {
  vi.spyOn(Request.prototype, 'formData').mockRejectedValueOnce(new TypeError('Failed to fetch'))
  expect(await share([photo()])).toEqual([303, `${HERE}/share?full`])
})

test('of more than may wait nothing is kept, and a page says so', async () => {
  expect(await share(Array.from({ length: 1001 }, photo))).toEqual([303, `${HERE}/share?many`])
  expect(await waiting()).toEqual([])
})

test('no other request is taken', () => {
  for (const request of [new Request(`${HERE}/share`), new Request(`${HERE}/`, { method: 'POST' })]) {
    expect(takeShared({ request } as FetchEvent)).toBeNull()
  }
})

test('what is shared while it can not be read who is logged in is for who logs in next', async () => {
  await logIn(7)
  vi.spyOn(IDBObjectStore.prototype, 'get').mockImplementationOnce(() => {
    throw new DOMException('The connection was lost.', 'UnknownError')
  })
  await share([photo()])
  expect((await waiting()).map(({ userId }) => userId)).toEqual([null])
})
