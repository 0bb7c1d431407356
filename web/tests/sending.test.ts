import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Problem, unreachable } from '../src/api/problem'
import { reachable } from '../src/api/reachable'
import { forgetUnanswered, sendOnce, untilAnswered } from '../src/edits/sending'
import { notices } from '../src/ui/notices'

vi.mock('../src/api/reachable', () => ({ reachable: { value: true } }))

const refused = () => new Problem(422, 'invalid', 'This is wrong.')
/** A server that fails at these of its requests, counted from 0; `sent` has what came, each with its id. */
const failingAt = (failures: number[], error: () => Problem = unreachable) => {
  const sent: [string, string][] = []
  const send = async (asked: string, id: string) => {
    sent.push([asked, id])
    if (failures.includes(sent.length - 1)) throw error()
    return asked
  }
  return { sent, send, ids: () => sent.map(([, id]) => id) }
}
/** What it leads to, or the error, once every pause is over. */
async function outcome<T>(call: Promise<T>): Promise<T | Problem> {
  const caught = call.catch((error: unknown) => error as Problem)
  await vi.runAllTimersAsync()
  return caught
}
/** All answers to a deed, or the error. */
async function deed(parts: string[], send: (asked: string, id: string) => Promise<string>): Promise<string[] | Problem> {
  const answers: string[] = []
  return (await outcome(sendOnce(parts, send, (answer) => answers.push(answer)))) ?? answers
}

beforeEach(() => {
  vi.useFakeTimers()
  forgetUnanswered()
})
afterEach(() => vi.useRealTimers())

test('a change whose answer was lost is sent again with the same id', async () => {
  const { send, ids } = failingAt([0, 1])
  expect(await deed(['lost'], send)).toEqual(['lost'])
  expect(ids()[0]).toMatch(/^[0-9A-Za-z]{12}$/)
  expect(ids()).toEqual([ids()[0], ids()[0], ids()[0]])
})

test('where the server is known to be away a change is sent once, and again with the same id once it is asked for again', async () => {
  const { send, ids } = failingAt([0])
  reachable.value = false
  expect(await deed(['away'], send)).toMatchObject({ code: 'unreachable' })
  expect(ids()).toHaveLength(1)
  reachable.value = true
  expect(await deed(['away'], send)).toEqual(['away'])
  expect(ids()[1]).toBe(ids()[0])
})

test('who asks for the same once more after no answer came asks with the same id, and after an answer with another', async () => {
  const { send, ids } = failingAt([0, 1, 2])
  for (let time = 0; time < 3; time++) await deed(['shift'], send)
  expect(new Set(ids().slice(0, 4)).size).toBe(1)
  expect(ids()[4]).not.toBe(ids()[0])
})

test('of a deed whose second part failed, the first is the same change when it is asked for again', async () => {
  const { sent, send, ids } = failingAt([1, 2, 3])
  expect(await deed(['a', 'b'], send)).toBeInstanceOf(Problem)
  expect(await deed(['a', 'b'], send)).toEqual(['a', 'b'])
  expect(sent.map(([asked]) => asked)).toEqual(['a', 'b', 'b', 'b', 'a', 'b'])
  expect([ids()[4], ids()[5]]).toEqual([ids()[0], ids()[1]])
})

test.each([
  ['something else was asked for', (send: (asked: string, id: string) => Promise<string>) => deed(['trash'], send)],
  ['something was undone', async () => forgetUnanswered()],
  ['some minutes', async () => vi.setSystemTime(Date.now() + 3 * 60_000)],
])('what was never answered is not the same any more after %s', async (_, meanwhile) => {
  const { send, ids } = failingAt([0, 1, 2])
  await deed(['restore'], send)
  await meanwhile(send)
  await deed(['restore'], send)
  expect(ids().at(-1)).not.toBe(ids()[0])
})

test('what is refused is not sent again, and frees its id alone', async () => {
  const { send, ids } = failingAt([1], refused)
  expect(await deed(['right', 'wrong'], send)).toMatchObject({ status: 422 })
  expect(ids()).toHaveLength(2)
  await deed(['right', 'wrong'], send)
  expect(ids()[2]).toBe(ids()[0])
  expect(ids()[3]).not.toBe(ids()[1])
})

test.each([
  ['when it says', 7, 7000],
  ['after half a minute, whatever it says', 3600, 30_000],
])('what asks for patience is sent again %s', async (_, asked, waited) => {
  const began = Date.now()
  const { send } = failingAt([0], () => new Problem(503, 'unavailable', 'Later.', [], asked))
  await outcome(untilAnswered(() => send('', '')))
  expect(Date.now() - began).toBe(waited)
})

test('after the first failure it is told that it is tried again, until there is an answer', async () => {
  const { send } = failingAt([0, 1])
  const sending = untilAnswered(() => send('', ''))
  await vi.advanceTimersByTimeAsync(0)
  expect(notices.value.map(({ text }) => text)).toEqual([expect.stringMatching(/^Not saved yet, trying again: /)])
  await vi.runAllTimersAsync()
  await sending
  expect(notices.value).toEqual([])
})
