import 'fake-indexeddb/auto'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Problem } from '../src/api/problem'
import { SessionKeeper, type Session } from '../src/auth/sessionKeeper'
import { storage as openStorage, type Storage } from '../src/storage'

const user = { id: 1, name: 'mara', role: 'administrator' } as const
const session = (number: number): Session => ({
  accessToken: `access-${number}`,
  refreshToken: `refresh-${number}`,
  expiresAt: '2026-11-22T12:00:00Z',
  user,
})

/** One lock at a time for all tabs, as a browser keeps it. */
class BrowserLocks {
  #last: Promise<unknown> = Promise.resolve()
  request<T>(_name: string, work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work)
    this.#last = turn.catch(() => {})
    return turn
  }
}

/** The server's side: a refresh token works once; one used twice ends every session. */
class Tokens {
  current = 1
  uses = 0
  ended = false
  refresh = async (refreshToken: string): Promise<Session> => {
    this.uses += 1
    await new Promise((resolve) => setTimeout(resolve, 5))
    if (this.ended || refreshToken !== `refresh-${this.current}`) {
      this.ended = true
      throw new Problem(401, 'unauthenticated', 'Log in again.')
    }
    this.current += 1
    return session(this.current)
  }
}

let storage: Storage
let channels: BroadcastChannel[]
let locks: BrowserLocks
let tokens: Tokens
/** Whom all others were forgotten for, each with who was stored as logged in then. */
let forgotten: { user: string | null; stored: number | undefined }[]

async function forgetOthers(user: string | null): Promise<void> {
  forgotten.push({ user, stored: (await storage.get('session', 'current'))?.user.id })
}

async function tab(forget = forgetOthers): Promise<SessionKeeper> {
  const channel = new BroadcastChannel('sessions')
  channels.push(channel)
  const keeper = new SessionKeeper(async () => storage, locks, channel, (token) => tokens.refresh(token), forget)
  await keeper.load()
  return keeper
}

beforeEach(async () => {
  storage = await openStorage()
  await storage.clear('session')
  channels = []
  locks = new BrowserLocks()
  tokens = new Tokens()
  forgotten = []
})
afterEach(() => {
  for (const channel of channels) channel.close()
})

test('tabs that meet an expired token at the same time use the refresh token once', async () => {
  const first = await tab()
  await first.begin(session(1))
  const others = [await tab(), await tab()]
  const renewed = await Promise.all([first, ...others].map((keeper) => keeper.renew('access-1')))
  expect(renewed).toEqual(['access-2', 'access-2', 'access-2'])
  expect(tokens.uses).toBe(1)
})

test('requests of one tab that are refused together use the refresh token once', async () => {
  const keeper = await tab()
  await keeper.begin(session(1))
  await Promise.all([keeper.renew('access-1'), keeper.renew('access-1')])
  expect(tokens.uses).toBe(1)
  expect(keeper.accessToken()).toBe('access-2')
})

test('a session that the server has ended ends in every tab', async () => {
  const [first, second] = [await tab(), await tab()]
  await first.begin(session(1))
  await vi.waitFor(() => expect(second.session).not.toBeNull())
  tokens.ended = true
  await expect(first.renew('access-1')).rejects.toThrow('Log in again.')
  expect(first.session).toBeNull()
  await vi.waitFor(() => expect(second.session).toBeNull())
})

test('a refresh that never reached the server leaves the session as it is', async () => {
  const keeper = await tab()
  await keeper.begin(session(1))
  vi.spyOn(tokens, 'refresh').mockRejectedValueOnce(new Problem(0, 'unreachable', 'No connection.'))
  await expect(keeper.renew('access-1')).rejects.toThrow('No connection.')
  expect(keeper.accessToken()).toBe('access-1')
  expect(await keeper.renew('access-1')).toBe('access-2')
})

/** Has the next refresh wait until the returned function is called. */
function holdRefresh(): () => void {
  let go = () => {}
  const held = new Promise<void>((resolve) => (go = resolve))
  const refresh = tokens.refresh
  vi.spyOn(tokens, 'refresh').mockImplementationOnce(async (token) => {
    await held
    return refresh(token)
  })
  return go
}

/** What one of two tabs does while the other waits for its refresh. Both, once that is over. */
async function duringARefresh(act: (first: SessionKeeper) => Promise<void>): Promise<SessionKeeper[]> {
  const first = await tab()
  await first.begin(session(1))
  const second = await tab()
  const go = holdRefresh()
  const renewing = second.renew('access-1')
  await vi.waitFor(() => expect(tokens.refresh).toHaveBeenCalled())
  const acting = act(first)
  go()
  await Promise.all([renewing, acting])
  return [first, second]
}

test('a refresh in another tab does not undo a logout', async () => {
  const tabs = await duringARefresh((first) => first.end())
  expect(await storage.get('session', 'current')).toBeUndefined()
  await vi.waitFor(() => expect(tabs.map((one) => one.session)).toEqual([null, null]))
})

test('a refresh in another tab does not undo a login', async () => {
  await duringARefresh((first) => first.begin(session(9)))
  expect((await tab()).accessToken()).toBe('access-9')
})

test('a token that was refused ends its own session and no later one', async () => {
  const keeper = await tab()
  await keeper.begin(session(2))
  await keeper.refuse('access-1')
  expect(keeper.accessToken()).toBe('access-2')
  await keeper.refuse('access-2')
  expect(keeper.session).toBeNull()
})

test('another name is known in every tab, and asks for no other token', async () => {
  const [first, second] = [await tab(), await tab()]
  await first.begin(session(1))
  await first.know({ ...user, name: 'Marah' })
  await vi.waitFor(() => expect(second.session?.user.name).toBe('Marah'))
  expect([first.accessToken(), tokens.uses]).toEqual(['access-1', 0])
})

test('another name of one user is none of whoever has logged in since', async () => {
  const keeper = await tab()
  await keeper.begin({ ...session(9), user: { ...user, id: 2, name: 'tom' } })
  await keeper.know({ ...user, name: 'Marah' })
  expect(keeper.session?.user.name).toBe('tom')
})

test('a reload finds the session again', async () => {
  await (await tab()).begin(session(7))
  expect((await tab()).accessToken()).toBe('access-7')
})

test('without a session there is no token, and nothing to renew', async () => {
  const keeper = await tab()
  expect(() => keeper.accessToken()).toThrow('Log in again')
  await expect(keeper.renew('access-1')).rejects.toThrow('Log in again')
})

test('what is kept of others goes once their session is no longer stored, and before any page hears of it', async () => {
  const keeper = await tab()
  const heard: number[] = []
  keeper.onChange(() => heard.push(forgotten.length))
  await keeper.begin(session(1))
  await keeper.end()
  expect(forgotten).toEqual([{ user: '1', stored: 1 }, { user: null, stored: undefined }])
  expect(heard).toEqual([1, 2])
})

test('all that is kept goes when the server has ended the session', async () => {
  const keeper = await tab()
  await keeper.begin(session(1))
  tokens.ended = true
  await expect(keeper.renew('access-1')).rejects.toThrow('Log in again.')
  expect(forgotten.at(-1)).toEqual({ user: null, stored: undefined })
})

test('a renewed session forgets nothing', async () => {
  const keeper = await tab()
  await keeper.begin(session(1))
  await keeper.renew('access-1')
  expect(forgotten).toHaveLength(1)
})

test('who has logged in is logged in, though what is kept of others could not be thrown away', async () => {
  const logged = vi.spyOn(console, 'error').mockImplementation(() => {})
  const keeper = await tab(async () => {
    throw new DOMException('No more room.', 'QuotaExceededError')
  })
  await keeper.begin(session(1))
  expect(keeper.accessToken()).toBe('access-1')
  expect(logged).toHaveBeenCalledOnce()
  await keeper.end()
  expect(keeper.session).toBeNull()
})

test('a page of one user asks for nothing in the name of another, who has logged in in another tab', async () => {
  const [first, second] = [await tab(), await tab()]
  await first.begin(session(1))
  await vi.waitFor(() => expect(second.session).not.toBeNull())
  await first.end()
  const other = await tab()
  await other.begin({ ...session(9), user: { ...user, id: 2 } })
  await expect(second.renew('access-1')).rejects.toThrow('Log in again')
  expect(() => second.accessToken()).toThrow('Log in again')
  expect(other.accessToken()).toBe('access-9')
})

test('a logout that comes late ends no session of whoever has logged in in another tab meanwhile', async () => {
  const [first, second] = [await tab(), await tab()]
  await first.begin(session(1))
  await vi.waitFor(() => expect(second.session).not.toBeNull())
  await first.end()
  await (await tab()).begin({ ...session(9), user: { ...user, id: 2 } })
  await second.end()
  expect((await storage.get('session', 'current'))?.accessToken).toBe('access-9')
})
