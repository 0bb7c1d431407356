import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { refresh } from '../src/auth/refresh'

/** The requests that were sent, each to be answered by hand. */
let sent: { answer: (response: Response) => void; fail: () => void }[]
let giveUp: AbortController

const session = (number: number) => Response.json({ accessToken: `access-${number}` })
const problem = (status: number) => Response.json({}, { status, headers: { 'Content-Type': 'application/problem+json' } })

beforeEach(() => {
  vi.useFakeTimers()
  sent = []
  giveUp = new AbortController()
  vi.spyOn(AbortSignal, 'timeout').mockReturnValue(giveUp.signal)
  vi.stubGlobal('fetch', (_: string, { signal }: RequestInit) => {
    return new Promise<Response>((resolve, reject) => {
      const fail = () => reject(new TypeError('Failed to fetch'))
      signal!.addEventListener('abort', fail)
      sent.push({ answer: resolve, fail })
    })
  })
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

test('a token whose answer a line swallowed is sent again while the server still takes it', async () => {
  const refreshing = refresh('token')
  await vi.advanceTimersByTimeAsync(5000)
  expect(sent).toHaveLength(2)
  sent[1]!.answer(session(2))
  expect(await refreshing).toEqual({ accessToken: 'access-2' })
})

test('a token whose line broke off is sent again at once', async () => {
  const refreshing = refresh('token')
  sent[0]!.fail()
  await vi.advanceTimersByTimeAsync(0)
  expect(sent).toHaveLength(2)
  sent[1]!.answer(session(2))
  expect(await refreshing).toEqual({ accessToken: 'access-2' })
})

test('an answer that a slow line brings after the token was sent again still counts', async () => {
  const refreshing = refresh('token')
  await vi.advanceTimersByTimeAsync(20_000)
  sent[0]!.answer(session(1))
  expect(await refreshing).toEqual({ accessToken: 'access-1' })
})

test('a server that takes no more requests at present leaves the first answer to come', async () => {
  const refreshing = refresh('token')
  await vi.advanceTimersByTimeAsync(5000)
  sent[1]!.answer(problem(429))
  await vi.advanceTimersByTimeAsync(1000)
  sent[0]!.answer(session(1))
  expect(await refreshing).toEqual({ accessToken: 'access-1' })
})

test('where both answers are swallowed nothing is known of the session, and it is asked no third time', async () => {
  const refreshing = expect(refresh('token')).rejects.toMatchObject({ status: 0, code: 'unreachable' })
  await vi.advanceTimersByTimeAsync(29_000)
  giveUp.abort()
  await refreshing
  expect(sent).toHaveLength(2)
})

test('a token that a device slept over is not sent again', async () => {
  const refreshing = expect(refresh('token')).rejects.toMatchObject({ status: 0 })
  vi.setSystemTime(Date.now() + 600_000)
  sent[0]!.fail()
  await refreshing
  expect(sent).toHaveLength(1)
})

test('a token that is refused is not sent again', async () => {
  const refreshing = expect(refresh('token')).rejects.toMatchObject({ status: 401 })
  sent[0]!.answer(problem(401))
  await refreshing
  expect(sent).toHaveLength(1)
})
