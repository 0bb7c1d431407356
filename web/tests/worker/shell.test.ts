import { beforeEach, expect, test, vi } from 'vitest'

const FILES = { '/assets/new-1.js': 'sha256-a', '/assets/same-1.js': 'sha256-b', '/index.html': 'sha256-c' }

let shells: Map<string, Map<string, string>>
let fetched: string[]
let missing: string[]

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
  vi.stubGlobal('fetch', async (path: string) => {
    fetched.push(path)
    return new Response('new', { status: missing.includes(path) ? 404 : 200 })
  })
})

function response(body: string | undefined): Response | undefined {
  return body === undefined ? undefined : new Response(body)
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

test('the files of other versions go, and nothing else', async () => {
  await (await shell()).install()
  shells.set('pictures-1', new Map())
  await (await shell()).forgetOtherShells()
  expect([...shells.keys()]).toEqual(['shell-new', 'pictures-1'])
})
