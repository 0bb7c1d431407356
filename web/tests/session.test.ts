import { beforeEach, expect, test, vi } from 'vitest'
import { nextTick } from 'vue'

type Held = { user: { id: number } } | null
let hold: (session: Held) => void
let stored: Held
/** What answers the request to log out. */
let told: (signal: AbortSignal) => Promise<unknown>
let page: { hidden: boolean }
let went: string[]
let onEnd: () => void

const [mara, tom] = [{ user: { id: 1 } }, { user: { id: 2 } }]
const keeper = {
  session: null,
  onChange: (listener: typeof hold) => (hold = listener),
  end: async () => hold(null),
  load: async () => hold(stored),
}

beforeEach(() => {
  vi.resetModules()
  vi.doMock('../src/auth/keeper', () => ({ keeper }))
  vi.doMock('../src/api/client', () => ({
    answer: (call: Promise<unknown>) => call,
    api: { POST: (_: string, { signal }: { signal: AbortSignal }) => told(signal), DELETE: () => told(new AbortController().signal) },
    publicApi: {},
  }))
  told = async () => ({})
  page = { hidden: false }
  went = []
  onEnd = vi.fn()
  const location = { assign: (path: string) => went.push(path), reload: () => went.push('here again') }
  vi.stubGlobal('window', Object.assign(new EventTarget(), { location }))
  vi.stubGlobal('document', { documentElement: page })
})

/** A page that somebody has opened. */
async function openedBy(session: Held) {
  const opened = await import('../src/auth/session')
  opened.watchSession(() => {}, onEnd)
  hold(session)
  await nextTick()
  return opened
}

async function back(): Promise<void> {
  window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }))
  await nextTick()
  await nextTick()
}

test('whoever logs out leaves a page that shows nothing, and that is loaded anew when Back leads to it', async () => {
  const { logout } = await openedBy(mara)
  await logout()
  await nextTick()
  expect(page.hidden).toBe(true)
  stored = null
  await back()
  expect(went).toEqual(['/login', 'here again'])
})

test('a session that is ended for an invite leaves the page where it is', async () => {
  const { endSession } = await openedBy(mara)
  await endSession()
  await nextTick()
  expect([went, page.hidden]).toEqual([[], false])
})

test('a page that Back leads to hears of who logged out meanwhile', async () => {
  await openedBy(mara)
  stored = null
  await back()
  expect(onEnd).toHaveBeenCalledOnce()
})

test('a page that Back leads to is left when another is logged in', async () => {
  await openedBy(mara)
  stored = tom
  await back()
  expect(went).toEqual(['/'])
  expect(page.hidden).toBe(true)
})

test('a session that the server ends while somebody logs out leaves nothing in memory either', async () => {
  const { logout } = await openedBy(mara)
  told = async () => {
    hold(null)
    await nextTick()
  }
  await logout()
  await nextTick()
  expect(went).toEqual(['/login'])
  expect(onEnd).not.toHaveBeenCalled()
})

test('who logs out waits for no line that swallows all', async () => {
  vi.spyOn(AbortSignal, 'timeout').mockImplementation(() => AbortSignal.abort('too late'))
  told = (signal) => (signal.aborted ? Promise.reject(new Error('too late')) : new Promise(() => {}))
  const { logout } = await openedBy(mara)
  await expect(logout()).rejects.toThrow('too late')
  await nextTick()
  expect(went).toEqual(['/login'])
})

test('who logs out everywhere leaves this page too', async () => {
  const { logoutEverywhere } = await openedBy(mara)
  await logoutEverywhere()
  await nextTick()
  expect(went).toEqual(['/login'])
})

test('who could not be logged out everywhere stays, and hears of a session that ends later', async () => {
  const { logoutEverywhere } = await openedBy(mara)
  told = async () => Promise.reject(new Error('away'))
  await expect(logoutEverywhere()).rejects.toThrow('away')
  expect(went).toEqual([])
  hold(null)
  await nextTick()
  expect(onEnd).toHaveBeenCalledOnce()
})
