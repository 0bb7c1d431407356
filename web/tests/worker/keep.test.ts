import 'fake-indexeddb/auto'
import { deleteDB, openDB } from 'idb'
import { beforeEach, expect, test, vi } from 'vitest'
import { forgetOthers, openIndex } from '../../src/offline/kept'
import { Keep } from '../../src/worker/keep'
import { loggedIn, userOf } from '../../src/worker/session'
import { CachesFake } from './caches'

let files: CachesFake
let keep: Keep
let waiting: Promise<unknown>[]
let limit: number

const event = { waitUntil: (work: Promise<unknown>) => waiting.push(work) } as unknown as ExtendableEvent

async function logIn(id: number | null): Promise<void> {
  const database = await openDB('pinhole', 1, { upgrade: (made) => void made.createObjectStore('session') })
  if (id === null) await database.delete('session', 'current')
  else await database.put('session', { user: { id } }, 'current')
  database.close()
}

function put(path: string, bytes = 10, user = '1'): Promise<void> {
  const file = new Blob(['x'.repeat(bytes)])
  return keep.put(user, path, new Response(file), file)
}

async function look(path: string, user = '1'): Promise<string | undefined> {
  const response = await keep.match(event, user, path)
  await Promise.all(waiting.splice(0))
  return response?.text()
}

async function indexed(): Promise<string[]> {
  const index = await openIndex()
  const paths = (await index.getAll('files')).map(({ user, path }) => `${user}${path}`)
  index.close()
  return paths
}

beforeEach(async () => {
  files = new CachesFake()
  vi.stubGlobal('caches', files)
  await forgetOthers(null)
  waiting = []
  limit = 1000
  keep = new Keep('pictures', { sizeOf: ({ size }) => size, limit: async () => limit, gatherMs: 1 })
  let now = 0
  vi.spyOn(Date, 'now').mockImplementation(() => (now += 1))
  await logIn(1)
})

test('what was kept is there for its user, and for no other', async () => {
  await put('/a', 3)
  expect(await look('/a')).toBe('xxx')
  expect(await look('/a', '2')).toBeUndefined()
})

test('what was asked for least recently makes room for others', async () => {
  limit = 30
  for (const path of ['/a', '/b', '/c']) await put(path)
  await look('/a')
  await put('/d')
  expect(files.paths('pictures-1')).toEqual(['/a', '/d'])
  expect(await indexed()).toEqual(['1/a', '1/d'])
})

test('a file that is kept anew takes its new size only', async () => {
  limit = 30
  await put('/a', 25)
  await put('/a', 10)
  await put('/b', 20)
  expect(files.paths('pictures-1')).toEqual(['/a', '/b'])
})

test('where the browser has no more room, half of what is kept makes it', async () => {
  files.room = 40
  for (const path of ['/a', '/b', '/c', '/d']) await put(path)
  await put('/e')
  expect(files.paths('pictures-1')).toEqual(['/c', '/d', '/e'])
})

test('a file that a worker left out of the index comes into it when it is asked for', async () => {
  await put('/a')
  const index = await openIndex()
  await index.clear('files')
  await index.clear('sums')
  index.close()
  await look('/a')
  expect(await indexed()).toEqual(['1/a'])
})

test('an answer that comes after its user has logged out is not kept', async () => {
  await logIn(null)
  await put('/a')
  expect(await files.keys()).toEqual([])
})

test.each([null, 2])('what is being written while its user logs out goes as well; after them comes %s', async (next) => {
  files.onPut = async () => {
    await logIn(next)
    await forgetOthers(next === null ? null : String(next))
  }
  await put('/a')
  expect(files.paths('pictures-1')).toEqual([])
  expect(await indexed()).toEqual([])
})

test('uses that are written after logging out stay out of the index', async () => {
  const writing = put('/a')
  await vi.waitFor(() => expect(files.paths('pictures-1')).toEqual(['/a']))
  await logIn(null)
  await forgetOthers(null)
  await writing
  expect(await indexed()).toEqual([])
})

test('what is kept of one user stays when others are forgotten, and so does the shell', async () => {
  await (await files.open('shell-1')).put('/index.html', new Response(''))
  await put('/a')
  await logIn(11)
  await put('/b', 10, '11')
  await forgetOthers('11')
  expect(await files.keys()).toEqual(['shell-1', 'pictures-11'])
  expect(await indexed()).toEqual(['11/b'])
})

test('whoever has logged out is logged in no more', async () => {
  expect(await loggedIn()).toBe('1')
  await logIn(null)
  expect(await loggedIn()).toBeNull()
})

test('a token names its user, whether it has run out or not', () => {
  const claims = btoa(JSON.stringify({ sub: '42', exp: 1 })).replaceAll('+', '-').replaceAll('=', '')
  expect(userOf(`Bearer aGVhZA.${claims}.c2ln`)).toBe('42')
})

test.each([null, 'Basic YTpi', 'Bearer x.y.z', `Bearer a.${btoa('{"sub":{}}')}.c`, `Bearer a.${btoa('[')}.c`])(
  '%s names nobody',
  (authorization) => expect(userOf(authorization)).toBeNull(),
)

test('files that find no room at the same time make it once, and others are kept and thrown away as before', async () => {
  for (let number = 0; number < 10; number++) await put(`/old-${number}`)
  files.room = 100
  await Promise.allSettled(Array.from({ length: 6 }, (_, number) => put(`/new-${number}`)))
  const index = await openIndex()
  const sizes = (await index.getAll('files')).reduce((sum, { size }) => sum + size, 0)
  expect(await index.get('sums', ['1', 'pictures'])).toBe(sizes)
  index.close()
  for (let number = 0; number < 15; number++) await put(`/later-${number}`)
  expect(await look('/later-14')).toBeDefined()
})

test('what is kept stays where it cannot be read who is logged in, and nothing comes to it', async () => {
  await put('/a')
  const read = vi.spyOn(IDBObjectStore.prototype, 'get').mockImplementation(() => {
    throw new DOMException('The connection was lost.', 'UnknownError')
  })
  expect(await loggedIn()).toBeUndefined()
  await put('/b')
  read.mockRestore()
  expect(await look('/a')).toBeDefined()
  expect(files.paths('pictures-1')).toEqual(['/a'])
})

test('what is being written while that cannot be read any more throws nothing away', async () => {
  await put('/a')
  files.onPut = async () => {
    vi.spyOn(IDBObjectStore.prototype, 'get').mockImplementationOnce(() => {
      throw new DOMException('The connection was lost.', 'UnknownError')
    })
  }
  await put('/b')
  expect(files.paths('pictures-1')).toEqual(['/a', '/b'])
})

test('nobody is logged in before a page has made the database', async () => {
  await logIn(null)
  await deleteDB('pinhole')
  expect(await loggedIn()).toBeNull()
})

test('what a worker left out of the index comes into it by a sweep, with its size', async () => {
  await put('/a?b=c')
  await put('/b')
  const index = await openIndex()
  await index.delete('files', ['1', 'pictures', '/a?b=c'])
  await index.put('sums', 10, ['1', 'pictures'])
  await keep.sweep()
  expect(await indexed()).toEqual(['1/a?b=c', '1/b'])
  expect(await index.get('sums', ['1', 'pictures'])).toBe(20)
  index.close()
})
