import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { apiAnswer } from '../../src/worker/answers'
import type { Handler } from '../../src/worker/handler'
import { picture } from '../../src/worker/pictures'

const ORIGIN = 'https://photos.example.org'
const KEY = 'abcdefghijklmnopqrstuvwx'
const MEDIUM = `/media/${KEY}/1/480.webp`

const kept = vi.hoisted(() => new Map<string, string>())
type Limits = { sizeOf(file: Blob): number; limit(): Promise<number> }
const limits = vi.hoisted(() => new Map<string, Limits>())
const session = vi.hoisted(() => ({ user: '1' as string | null }))

vi.mock('../../src/worker/session', async (original) => ({
  ...(await original<object>()),
  loggedIn: async () => session.user,
}))
vi.mock('../../src/worker/keep', () => ({
  Keep: class {
    constructor(
      private readonly kind: string,
      one: Limits,
    ) {
      limits.set(kind, one)
    }
    async match(_event: unknown, user: string, path: string) {
      const body = kept.get(`${this.kind} ${user} ${path}`)
      return body === undefined ? undefined : new Response(body, { headers: { 'X-Pinhole-Kept': 'then' } })
    }
    async put(user: string, path: string, _response: Response, file: Blob) {
      kept.set(`${this.kind} ${user} ${path}`, await file.text())
    }
    async forget(user: string, path: string) {
      kept.delete(`${this.kind} ${user} ${path}`)
    }
  },
}))

afterEach(() => {
  vi.useRealTimers()
})
beforeEach(() => {
  kept.clear()
  session.user = '1'
  vi.stubGlobal('location', new URL(ORIGIN))
  serve(() => new Response('fresh'))
})

function serve(answer: (request: Request, init?: RequestInit) => Response) {
  const asked = vi.fn(async (request: Request, init?: RequestInit) => answer(request, init))
  vi.stubGlobal('fetch', asked)
  return asked
}

function fail(): never {
  throw new TypeError('Failed to fetch')
}

/** What a handler answers, once all that it leaves for later is done; null: it leaves that to others. */
async function ask(handle: Handler, path: string, init: RequestInit = {}): Promise<Response | null> {
  const later: Promise<unknown>[] = []
  const request = new Request(new URL(path, ORIGIN), init)
  const event = { request, waitUntil: (work: Promise<unknown>) => later.push(work) } as unknown as FetchEvent
  const response = await handle(event)
  await Promise.all(later)
  return response
}

function as(user: string): RequestInit {
  const claims = btoa(JSON.stringify({ sub: user, exp: 1 })).replaceAll('=', '')
  return { headers: { Authorization: `Bearer aGVhZA.${claims}.c2ln` } }
}

test('a picture is asked for once, whatever its signature is later', async () => {
  const asked = serve(() => new Response('picture'))
  await ask(picture, `${MEDIUM}?e=1&k=k1&s=old`)
  const again = await ask(picture, `${MEDIUM}?e=2&k=k1&s=new`)
  expect(await again?.text()).toBe('picture')
  expect(asked).toHaveBeenCalledOnce()
})

test('the page of a proxy that wants a login is no picture to keep, and no answer in place of a good one', async () => {
  const login = () => new Response('Log in', { headers: { 'Content-Type': 'text/html' } })
  serve(login)
  await ask(picture, MEDIUM)
  serve(() => new Response('{"months": []}', { headers: { 'Content-Type': 'application/json' } }))
  await ask(apiAnswer, '/api/timeline', as('1'))
  serve(login)
  expect(await (await ask(apiAnswer, '/api/timeline', as('1')))?.text()).toBe('{"months": []}')
  expect([...kept.values()]).not.toContain('Log in')
})

test("a picture that is kept here is not kept in the browser's own cache as well", async () => {
  const asked = serve(() => new Response('picture'))
  await ask(picture, MEDIUM)
  expect(asked.mock.calls[0]![1]).toEqual({ cache: 'no-store' })
})

test('whoever is not logged in is shown a picture, and none is kept', async () => {
  session.user = null
  expect(await (await ask(picture, MEDIUM))?.text()).toBe('fresh')
  expect(kept.size).toBe(0)
})

test('a picture in another size stands in for one that nothing answers', async () => {
  serve(() => new Response('small'))
  await ask(picture, MEDIUM)
  serve(fail)
  expect(await (await ask(picture, MEDIUM.replace('480', '1440')))?.text()).toBe('small')
  await expect(ask(picture, MEDIUM.replace('/1/', '/2/'))).rejects.toThrow('Failed to fetch')
})

test.each([403, 404, 500])('a picture that is answered with %i is not kept', async (status) => {
  serve(() => new Response('', { status }))
  expect((await ask(picture, MEDIUM))?.status).toBe(status)
  expect(kept.size).toBe(0)
})

test.each([
  `/media/${KEY}/1/full.webp`,
  `/media/${KEY}/1/480.jpg`,
  `/pinhole-originals/mara/2024/480.webp`,
  `https://elsewhere.example.org${MEDIUM}`,
])('%s is none of the pictures that are kept', async (address) => {
  expect(await ask(picture, address)).toBeNull()
})

test.each(['/api/timeline', '/api/timeline/2024-07?cursor=x', '/api/lists/folder?path=Trips', '/api/items/abcdefghijkl'])(
  'what %s answered is there when nothing answers',
  async (path) => {
    await ask(apiAnswer, path, as('1'))
    serve(fail)
    const response = await ask(apiAnswer, path, as('1'))
    expect(await response?.text()).toBe('fresh')
    expect(response?.headers.has('X-Pinhole-Kept')).toBe(true)
  },
)

test('an answer of the server comes before one that is kept', async () => {
  await ask(apiAnswer, '/api/timeline', as('1'))
  serve(() => new Response('fresher'))
  expect(await (await ask(apiAnswer, '/api/timeline', as('1')))?.text()).toBe('fresher')
})

test('one user is never answered with what is kept of another', async () => {
  await ask(apiAnswer, '/api/timeline', as('1'))
  serve(fail)
  await expect(ask(apiAnswer, '/api/timeline', as('2'))).rejects.toThrow('Failed to fetch')
})

test.each([401, 403, 404, 500])('the answer %i of the server is passed on', async (status) => {
  await ask(apiAnswer, '/api/timeline', as('1'))
  serve(() => Response.json({}, { status, headers: { 'Content-Type': 'application/problem+json' } }))
  expect((await ask(apiAnswer, '/api/timeline', as('1')))?.status).toBe(status)
})

test('a proxy whose server is away counts as no answer, and the server asking for patience as one', async () => {
  await ask(apiAnswer, '/api/timeline', as('1'))
  serve(() => new Response('Bad Gateway', { status: 502 }))
  expect((await ask(apiAnswer, '/api/timeline', as('1')))?.status).toBe(200)
  serve(() => Response.json({}, { status: 503, headers: { 'Content-Type': 'application/problem+json' } }))
  expect((await ask(apiAnswer, '/api/timeline', as('1')))?.status).toBe(503)
})

test('what is not there any more is forgotten', async () => {
  await ask(apiAnswer, '/api/items/abcdefghijkl', as('1'))
  serve(() => new Response('', { status: 404 }))
  await ask(apiAnswer, '/api/items/abcdefghijkl', as('1'))
  expect(kept.size).toBe(0)
})

test.each([
  ['/api/onboarding', as('1')],
  ['/api/health', as('1')],
  ['/api/docs', as('1')],
  ['/api/timeline', {}],
  ['/api/items/abcdefghijkl', { ...as('1'), method: 'PATCH' }],
])('%s is left to the network where it is none of the answers that are kept', async (path, init) => {
  expect(await ask(apiAnswer, path, init)).toBeNull()
})

/** Has nothing answered `/api/timeline`, until the returned function is called; what is answered to whether the server is there. */
function hold(health: () => Promise<Response>): () => void {
  let go = () => {}
  const held = new Promise<Response>((resolve) => (go = () => resolve(new Response('late'))))
  vi.stubGlobal('fetch', (asked: Request | string) => (typeof asked === 'string' ? health() : held))
  return go
}

test('what hangs is answered with what is kept, and the answer is kept that comes late', async () => {
  await ask(apiAnswer, '/api/timeline', as('1'))
  vi.useFakeTimers()
  const go = hold(async () => fail())
  const request = new Request(`${ORIGIN}/api/timeline`, as('1'))
  const later: Promise<unknown>[] = []
  const answering = apiAnswer({ request, waitUntil: (work: Promise<unknown>) => later.push(work) } as unknown as FetchEvent)
  await vi.advanceTimersByTimeAsync(5000)
  expect(await (await answering)!.text()).toBe('fresh')
  go()
  await later[0]
  await Promise.all(later)
  expect([...kept.values()]).toEqual(['late'])
})

test('a server that is only slow is waited for', async () => {
  await ask(apiAnswer, '/api/timeline', as('1'))
  vi.useFakeTimers()
  const go = hold(async () => Response.json({ status: 'ok' }))
  const answering = ask(apiAnswer, '/api/timeline', as('1'))
  await vi.advanceTimersByTimeAsync(60_000)
  go()
  expect(await (await answering)?.text()).toBe('late')
})

test('a thousand photos that were looked at leave what a timeline of a million is made of', async () => {
  vi.stubGlobal('navigator', { storage: { estimate: async () => ({ quota: 1e10 }) } })
  const { sizeOf, limit } = limits.get('answers')!
  const [details, timeline] = [new Blob(['x'.repeat(1e4)]), new Blob(['x'.repeat(5e6)])]
  expect(1000 * sizeOf(details) + sizeOf(timeline)).toBeLessThan(await limit())
})
