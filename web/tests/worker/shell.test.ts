import { beforeEach, expect, test, vi } from 'vitest'
import type { Handler } from '../../src/worker/handler'

const FILES = { '/assets/new-1.js': 'sha256-a', '/assets/same-1.js': 'sha256-b', '/index.html': 'sha256-c' }

let shells: Map<string, Map<string, string>>
let fetched: string[]
let missing: string[]
/** Pages that are open. */
let open: object[]
let registration: { installing: unknown; waiting: unknown }

beforeEach(() => {
  vi.stubGlobal('__SHELL__', { version: 'new', files: FILES })
  vi.stubGlobal('location', new URL('https://photos.example.org'))
  shells = new Map([['shell-old', new Map([['/assets/same-1.js', 'old'], ['/index.html', 'old']])]])
  vi.stubGlobal('caches', {
    keys: async () => [...shells.keys()],
    delete: async (name: string) => shells.delete(name),
    match: async (path: string, { cacheName }: { cacheName: string }) => response(shells.get(cacheName)?.get(path)),
    open: async (name: string) => {
      const files = shells.get(name) ?? new Map<string, string>()
      shells.set(name, files)
      return {
        match: async (path: string) => response(files.get(path)),
        put: async (path: string, file: Response) => files.set(path, await file.text()),
      }
    },
  })
  fetched = []
  missing = []
  open = []
  registration = { installing: null, waiting: null }
  vi.resetModules()
  vi.stubGlobal('self', { registration, clients: { matchAll: async () => open } })
  vi.stubGlobal('fetch', async (asked: string | { url: string }) => {
    const path = typeof asked === 'string' ? asked : new URL(asked.url).pathname
    fetched.push(path)
    return new Response('new', { status: missing.includes(path) ? 404 : 200 })
  })
})

function response(body: string | undefined): Response | undefined {
  return body === undefined ? undefined : new Response(body)
}

/** What a handler answers, once all that it leaves for later is done. */
async function ask(handle: Handler, path: string): Promise<string> {
  const later: Promise<unknown>[] = []
  const mode = handle.name === 'page' ? 'navigate' : 'cors'
  const request = { method: 'GET', mode, url: new URL(path, location.origin).href, cache: 'default' }
  const event = { request, waitUntil: (work: Promise<unknown>) => later.push(work) } as unknown as FetchEvent
  const text = await (await handle(event))!.text()
  await Promise.all(later)
  return text
}

// It reads what the build tells it as soon as it is there.
const shell = () => import('../../src/worker/shell')

test('what an earlier version has under the same name with a hash is not fetched again', async () => {
  await (await shell()).install()
  expect(fetched).toEqual(['/assets/new-1.js', '/index.html'])
  expect(Object.fromEntries(shells.get('shell-new')!)).toEqual({
    '/assets/new-1.js': 'new',
    '/assets/same-1.js': 'old',
    '/index.html': 'new',
  })
})

test('an installation that failed leaves the version before as it was, and the next goes on where it was', async () => {
  missing = ['/index.html']
  await expect((await shell()).install()).rejects.toThrow('/index.html was answered with 404')
  expect(shells.get('shell-old')!.get('/index.html')).toBe('old')
  missing = []
  fetched = []
  await (await shell()).install()
  expect(fetched).toEqual(['/index.html'])
})

/** A version that has been installed and, at some time, has begun. */
function begun(name: string, at: number): void {
  shells.set(name, new Map([['/begun', String(at)], ['/index.html', name]]))
}

test('of other versions the last that began stays, of which a page may be open still, and nothing else', async () => {
  begun('shell-current', 2)
  begun('shell-older', 1)
  shells.set('shell-never-begun', new Map())
  shells.set('pictures-1', new Map())
  await (await shell()).install()
  expect([...shells.keys()]).toEqual(['shell-current', 'pictures-1', 'shell-new'])
  await (await shell()).begin()
  expect([...shells.keys()]).toEqual(['shell-current', 'pictures-1', 'shell-new'])
})

test('a version that begins leaves the files of one that is being installed', async () => {
  registration.installing = {}
  shells.set('shell-coming', new Map())
  await (await shell()).begin()
  expect([...shells.keys()]).toContain('shell-coming')
})

test('a version whose files are gone answers from the network, and has them again', async () => {
  const { page } = await shell()
  expect(await ask(page, '/')).toBe('new')
  expect(Object.fromEntries(shells.get('shell-new')!)).toMatchObject({ '/assets/new-1.js': 'new', '/index.html': 'new' })
  expect(shells.get('shell-new')!.has('/begun')).toBe(true)
})

test('a single file that is gone is there again', async () => {
  const { asset, install } = await shell()
  await install()
  shells.get('shell-new')!.delete('/assets/new-1.js')
  expect(await ask(asset, '/assets/new-1.js')).toBe('new')
  expect(shells.get('shell-new')!.get('/assets/new-1.js')).toBe('new')
})

test('what can not be had again is answered by the network all the same', async () => {
  missing = ['/assets/new-1.js']
  expect(await ask((await shell()).page, '/')).toBe('new')
})

test('pages are of the version that has been asked to begin from then on, however late it says so', async () => {
  vi.useFakeTimers()
  await (await shell()).install()
  begun('shell-next', 3)
  const said: MessagePort[] = []
  registration.waiting = { postMessage: (_: string, [port]: MessagePort[]) => said.push(port!) }
  const { page } = await shell()
  const first = ask(page, '/')
  await vi.advanceTimersByTimeAsync(2000)
  expect(await first).toBe('new')
  said[0]!.postMessage('next')
  vi.useRealTimers()
  open = [{}]
  await expect.poll(() => ask(page, '/')).toBe('shell-next')
})
