import { afterAll, beforeAll, expect, test, vi } from 'vitest'

vi.mock('../src/auth/session', () => ({ beforeLeaving: () => {} }))

const load = () => import('../src/edits/turns')
let turns: Awaited<ReturnType<typeof load>>
beforeAll(async () => {
  vi.stubGlobal('window', new EventTarget())
  turns = await load()
})
afterAll(() => {
  vi.unstubAllGlobals()
})

function work(): { promise: Promise<void>; resolve: () => void; reject: (error: Error) => void } {
  let resolve!: () => void
  let reject!: (error: Error) => void
  const promise = new Promise<void>((done, failed) => ([resolve, reject] = [done, failed]))
  return { promise, resolve, reject }
}

/** Whether the browser would ask before the page is left. */
function isAsked(): boolean {
  return !window.dispatchEvent(new Event('beforeunload', { cancelable: true }))
}

test('it is asked before the page is left while anything is on its way, also what waits for its turn', async () => {
  expect(isAsked()).toBe(false)
  const [first, second] = [work(), work()]
  const sent = [turns.sendInTurn(() => first.promise), turns.sendInTurn(() => second.promise)]
  expect(isAsked()).toBe(true)
  first.reject(new Error('It failed.'))
  await expect(sent[0]).rejects.toThrow('It failed.')
  expect(isAsked()).toBe(true)
  second.resolve()
  await sent[1]
  expect(isAsked()).toBe(false)
})

test('who waits for all to be sent waits for that, and no longer than they will', async () => {
  const { promise, resolve } = work()
  const sent = turns.sendInTurn(() => promise)
  await turns.allSent(0)
  expect(isAsked()).toBe(true)
  const all = turns.allSent(60_000).then(isAsked)
  resolve()
  expect(await all).toBe(false)
  await sent
})
