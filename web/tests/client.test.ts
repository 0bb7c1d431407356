import { beforeEach, expect, test, vi } from 'vitest'

const keeper = vi.hoisted(() => ({ accessToken: () => 'token', renew: vi.fn(async () => 'newer'), refuse: vi.fn(async () => {}) }))
const noteAnswer = vi.hoisted(() => vi.fn())
vi.mock('../src/auth/keeper', () => ({ keeper }))
vi.mock('../src/api/reachable', () => ({ noteAnswer }))
vi.stubGlobal('window', {})
vi.stubGlobal('Request', class extends Request {
  constructor(address: string | Request, init?: RequestInit) {
    super(typeof address === 'string' ? new URL(address, 'https://photos.example.org') : address, init)
  }
})

const { api } = await import('../src/api/client')

beforeEach(() => {
  vi.clearAllMocks()
})

test.each([
  ['a page with 401', () => new Response('Log in', { status: 401, headers: { 'Content-Type': 'text/html' } })],
  ['a word with 401', () => new Response('Unauthorized', { status: 401 })],
  ['a page in place of the answer', () => new Response('Log in', { headers: { 'Content-Type': 'text/html' } })],
])('%s is of a proxy: the server is away, and no session is renewed or ended', async (_, answer) => {
  const answered = answer()
  vi.stubGlobal('fetch', async () => answered)
  await expect(api.GET('/storage')).rejects.toMatchObject({ code: 'unreachable' })
  expect(noteAnswer).toHaveBeenCalledWith(answered)
  expect(keeper.renew).not.toHaveBeenCalled()
  expect(keeper.refuse).not.toHaveBeenCalled()
})

test('a token that the server refuses is renewed', async () => {
  const problem = { status: 401, headers: { 'Content-Type': 'application/problem+json' } }
  vi.stubGlobal('fetch', async () => Response.json({}, problem))
  await api.GET('/storage')
  expect(keeper.renew).toHaveBeenCalledOnce()
  expect(keeper.refuse).toHaveBeenCalledOnce()
})
