import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Problem, unreachable } from '../src/api/problem'
import { askedOnce, untilAnswered } from '../src/edits/sending'

const refused = () => new Problem(422, 'invalid', 'This is wrong.')
/** Fails so often, then tells the id that it was sent with. */
const failing = (times: number, error: () => Problem) => {
  const ids: string[] = []
  const send = async (id: string) => {
    ids.push(id)
    if (ids.length <= times) throw error()
    return id
  }
  return { ids, send }
}
/** What it leads to, or the error, once every pause is over. */
async function outcome<T>(call: Promise<T>): Promise<T | Problem> {
  const caught = call.catch((error: unknown) => error as Problem)
  await vi.runAllTimersAsync()
  return caught
}

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

test('a change whose answer was lost is sent again with the same id', async () => {
  const { ids, send } = failing(2, unreachable)
  expect(await outcome(askedOnce('lost', send))).toBe(ids[0])
  expect(ids[0]).toMatch(/^[0-9A-Za-z]{12}$/)
  expect(ids).toEqual([ids[0], ids[0], ids[0]])
})

test('who asks for the same once more after no answer came asks with the same id, and after an answer with another', async () => {
  const { ids, send } = failing(3, unreachable)
  expect(await outcome(askedOnce({ shift: 1 }, send))).toBeInstanceOf(Problem)
  expect(await outcome(askedOnce({ shift: 1 }, send))).toBe(ids[0])
  expect(await outcome(askedOnce({ shift: 1 }, send))).not.toBe(ids[0])
})

test('what is refused is not sent again, and frees the id', async () => {
  const { ids, send } = failing(1, refused)
  expect(await outcome(askedOnce('wrong', send))).toMatchObject({ status: 422 })
  expect(ids).toHaveLength(1)
  expect(await outcome(askedOnce('wrong', send))).not.toBe(ids[0])
})

test('what asks for patience is sent again when it says', async () => {
  const began = Date.now()
  const { send } = failing(1, () => new Problem(503, 'unavailable', 'Later.', [], 7))
  await outcome(untilAnswered(() => send('')))
  expect(Date.now() - began).toBe(7000)
})
