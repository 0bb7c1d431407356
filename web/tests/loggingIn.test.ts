import { beforeEach, expect, test, vi } from 'vitest'
import { login, loginByPasskey, showSecondFactor } from '../src/auth/session'

const server = vi.hoisted(() => ({ POST: vi.fn() }))
const keeper = vi.hoisted(() => ({ begin: vi.fn(), onChange: () => {} }))
const showPasskey = vi.hoisted(() => vi.fn())
vi.mock('../src/auth/keeper', () => ({ keeper }))
vi.mock('../src/api/client', () => ({ answer: (call: Promise<unknown>) => call, api: {}, publicApi: server }))
vi.mock('../src/auth/passkeys', () => ({ showPasskey }))

const session = { accessToken: 'a', refreshToken: 'r', user: { id: 1, name: 'mara', role: 'member' } }
const asked = { ticket: 't', expiresAt: '2026-07-14T12:05:00Z', factors: ['totp'], passkeyOptions: null }

beforeEach(() => {
  for (const each of [server.POST, keeper.begin, showPasskey]) each.mockReset()
})

test('a password that is enough begins a session', async () => {
  server.POST.mockResolvedValue(session)
  expect(await login('mara', 'secret')).toBeNull()
  expect(keeper.begin).toHaveBeenCalledWith(session)
})

test('a password that is not enough begins none, and what is asked beside it is told', async () => {
  server.POST.mockResolvedValue(asked)
  expect(await login('mara', 'secret')).toBe(asked)
  expect(keeper.begin).not.toHaveBeenCalled()
})

test('a second factor begins the session', async () => {
  server.POST.mockResolvedValue(session)
  await showSecondFactor({ ticket: 't', code: '123456' })
  expect(server.POST).toHaveBeenCalledWith('/auth/second-factor', { body: { ticket: 't', code: '123456' } })
  expect(keeper.begin).toHaveBeenCalledWith(session)
})

test('a passkey that is shown is sent with the ticket that it was asked for with', async () => {
  const options = { challenge: 'bm93' }
  server.POST.mockImplementation(async (path: string) => (path === '/auth/passkey/options' ? { ticket: 't', options } : session))
  showPasskey.mockResolvedValue({ id: 'one' })
  await loginByPasskey()
  expect(showPasskey).toHaveBeenCalledWith(options)
  expect(server.POST).toHaveBeenLastCalledWith('/auth/passkey', { body: { ticket: 't', passkey: { id: 'one' } } })
  expect(keeper.begin).toHaveBeenCalledWith(session)
})

test('who shows no passkey is as before', async () => {
  server.POST.mockResolvedValue({ ticket: 't', options: {} })
  showPasskey.mockRejectedValue(new Error('cancelled'))
  await expect(loginByPasskey()).rejects.toThrow('cancelled')
  expect(keeper.begin).not.toHaveBeenCalled()
})
