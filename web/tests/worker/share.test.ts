import 'fake-indexeddb/auto'
import { openDB } from 'idb'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openSharedFiles, type SharedFile } from '../../src/sharedFiles'
import { takeShared } from '../../src/worker/share'

const HERE = 'https://photos.example'

async function waiting(): Promise<SharedFile[]> {
  const db = await openSharedFiles()
  const files = await db.getAll('files')
  db.close()
  return files
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
  const db = await openSharedFiles()
  await db.clear('files')
  db.close()
})
afterEach(() => {
  vi.unstubAllGlobals()
})

test('what is shared before anybody ever logged in is kept for who will, and the photos are led to', async () => {
  expect(await share([photo()])).toEqual([303, `${HERE}/`])
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
  ['the system, which has none', {}, 303],
  ['the system, whose own is opaque', { Origin: 'null' }, 303],
  ['another site', { Origin: 'https://other.example' }, 403],
])('by the origin of %s', async (_, headers, status) => {
  expect((await share([photo()], headers))[0]).toBe(status)
  expect((await waiting()).length).toBe(status === 303 ? 1 : 0)
})

test('where there is no room nothing is kept, and a page says so', async () => {
  const put = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementationOnce(() => {
    throw new DOMException('No room.', 'QuotaExceededError')
  })
  expect(await share([photo(), photo()])).toEqual([303, `${HERE}/share?full`])
  put.mockRestore()
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
