import { afterEach, beforeEach, expect, test, vi } from 'vitest'

const HERE = 'https://photos.example.org/trash'
const LOGIN = { headers: { 'Content-Type': 'text/html' } }

let stored: Map<string, string>
let replaced: string[]
/** What is answered to the question whether the server is there. */
let health: () => Response

beforeEach(() => {
  vi.useFakeTimers()
  stored = new Map()
  replaced = []
  vi.stubGlobal('window', Object.assign(new EventTarget(), { location: { href: HERE, replace: (to: string) => replaced.push(to) } }))
  vi.stubGlobal('sessionStorage', {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => stored.set(key, value),
  })
  vi.stubGlobal('fetch', async () => health())
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

/** Of a page that has just been opened. */
function opened() {
  vi.resetModules()
  return import('../src/api/reachable')
}

function redirect(): Response {
  return { type: 'opaqueredirect', status: 0, headers: new Headers(), redirected: false } as Response
}

test.each([
  ['redirects elsewhere', redirect],
  ['shows a page in place of the answer', () => new Response('Log in', LOGIN)],
  ['refuses with a page', () => new Response('Log in', { ...LOGIN, status: 403 })],
  ['refuses with a word', () => new Response('Unauthorized', { status: 401 })],
])('where something before the server %s, the page leads to it', async (_, answer) => {
  health = answer
  const { hidden, noteAnswer, reachable } = await opened()
  noteAnswer(null)
  await vi.advanceTimersByTimeAsync(1)
  expect(replaced).toEqual([`${HERE}?past=`])
  expect([hidden.value, reachable.value]).toEqual([true, false])
})

test('what leads back with nothing changed is not led to again by itself', async () => {
  health = redirect
  for (let visits = 0; visits < 3; visits++) {
    const { hidden, noteAnswer } = await opened()
    noteAnswer(null)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(hidden.value).toBe(true)
  }
  expect(replaced).toHaveLength(1)
})

test('who has been answered is led nowhere unasked', async () => {
  health = redirect
  const { hidden, leadToNetwork, noteAnswer } = await opened()
  noteAnswer(Response.json({}))
  noteAnswer(null)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(hidden.value).toBe(true)
  expect(replaced).toEqual([])
  leadToNetwork()
  expect(replaced).toEqual([`${HERE}?past=`])
})

test.each([502, 503, 504, 521])('the page of a proxy whose server is away, %i, is nothing to be shown', async (status) => {
  health = () => new Response('Bad Gateway', { ...LOGIN, status })
  const { hidden, noteAnswer, reachable } = await opened()
  noteAnswer(null)
  await vi.advanceTimersByTimeAsync(1)
  expect(replaced).toEqual([])
  expect([hidden.value, reachable.value]).toEqual([false, false])
})

test('once the server answers, nothing is before it, and what failed is told', async () => {
  health = redirect
  const { hidden, noteAnswer, reachable, whenBack } = await opened()
  const back = vi.fn()
  whenBack(back)
  noteAnswer(null)
  await vi.advanceTimersByTimeAsync(1)
  health = () => Response.json({ status: 'ok' })
  await vi.advanceTimersByTimeAsync(10_000)
  expect([hidden.value, reachable.value]).toEqual([false, true])
  expect(back).toHaveBeenCalledOnce()
})

test('an answer that broke off is no sign that the server is away, and is asked for again once it has answered', async () => {
  health = () => Response.json({ status: 'ok' })
  const { noteBrokenOff, reachable, whenBack } = await opened()
  const isTriedAgain = vi.fn()
  whenBack(isTriedAgain)
  noteBrokenOff()
  expect([reachable.value, isTriedAgain.mock.calls]).toEqual([true, []])
  await vi.advanceTimersByTimeAsync(10_000)
  expect([reachable.value, isTriedAgain.mock.calls]).toEqual([true, [[]]])
})

test('an answer that broke off because the server went away tells so', async () => {
  health = () => new Response('', { status: 502 })
  const { noteBrokenOff, reachable, whenBack } = await opened()
  const isTriedAgain = vi.fn()
  whenBack(isTriedAgain)
  noteBrokenOff()
  await vi.advanceTimersByTimeAsync(10_000)
  expect([reachable.value, isTriedAgain.mock.calls]).toEqual([false, []])
})
