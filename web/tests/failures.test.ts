import { expect, test, vi } from 'vitest'
import { failureList, retryAll, type Failure } from '../src/admin/failures'

const failed = (itemId: string) => ({ itemId }) as Failure
const page = (ids: string[], nextCursor: string | null) => ({ failures: ids.map(failed), codes: nextCursor ? [] : null, nextCursor })

test('pages follow one another, and nothing is asked for after the last', async () => {
  const fetch = vi.fn().mockResolvedValueOnce(page(['a', 'b'], 'after b')).mockResolvedValueOnce(page(['c'], null))
  const list = failureList(fetch)
  await list.look()
  await list.more()
  await list.more()
  expect(list.failures.value).toEqual(['a', 'b', 'c'].map(failed))
  expect(fetch.mock.calls).toEqual([[{}, null], [{}, 'after b']])
})

test('what was asked for before does not come in place of what is asked for now', async () => {
  let answer: (page: unknown) => void = () => {}
  const late = new Promise((resolve) => (answer = resolve))
  const fetch = vi.fn().mockReturnValueOnce(late).mockResolvedValueOnce(page(['now'], null))
  const list = failureList(fetch)
  const before = list.look({ stage: 'video' })
  await list.look({ stage: 'metadata' })
  answer(page(['before'], null))
  await before
  expect(list.failures.value).toEqual([failed('now')])
})

test('a page that fails leaves what is there, and can be asked for again', async () => {
  const fetch = vi.fn().mockResolvedValueOnce(page(['a'], 'after a')).mockRejectedValueOnce(new Error('gone')).mockResolvedValueOnce(page(['b'], null))
  vi.spyOn(console, 'error').mockImplementation(() => {})
  const list = failureList(fetch)
  await list.look()
  await list.more()
  expect(list.error.value).not.toBe('')
  await list.more()
  expect([list.error.value, list.failures.value]).toEqual(['', ['a', 'b'].map(failed)])
})

test('what failed to come is what is asked for again, be it the first page', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => {})
  const fetch = vi.fn().mockResolvedValueOnce(page(['a'], null)).mockRejectedValueOnce(new Error('gone')).mockResolvedValueOnce(page(['b'], null))
  const list = failureList(fetch)
  await list.look()
  await list.look()
  await list.again()
  expect([list.error.value, list.failures.value]).toEqual(['', [failed('b')]])
})

test('what failed to come is what is asked for again, be it a later page', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => {})
  const fetch = vi.fn().mockResolvedValueOnce(page(['a'], 'after a')).mockRejectedValueOnce(new Error('gone')).mockResolvedValueOnce(page(['b'], null))
  const list = failureList(fetch)
  await list.look()
  await list.more()
  await list.again()
  expect(list.failures.value).toEqual(['a', 'b'].map(failed))
})

test('what is tried again is there no more, nor among its reasons, and all pages stay', async () => {
  const [one, other] = [{ ...failed('a'), code: 'corrupt' }, { ...failed('b'), code: 'too_large' }]
  const codes = [{ code: 'corrupt', failed: 1 }, { code: 'too_large', failed: 2 }]
  const fetch = vi.fn().mockResolvedValueOnce({ failures: [one], codes, nextCursor: 'on' }).mockResolvedValueOnce({ failures: [other], codes: null, nextCursor: null })
  const list = failureList(fetch)
  await list.look()
  await list.more()
  await list.remove(one)
  expect(list.failures.value).toEqual([other])
  expect(list.codes.value).toEqual([{ code: 'too_large', failed: 2 }])
  expect(fetch).toHaveBeenCalledTimes(2)
})

test('once all that is there is tried again, what follows comes', async () => {
  const list = failureList(vi.fn().mockResolvedValueOnce(page(['a'], 'after a')).mockResolvedValueOnce(page(['b'], null)))
  await list.look()
  await list.remove(list.failures.value![0]!)
  expect(list.failures.value).toEqual([failed('b')])
})

const told = (retried: number, notRetried: number, nextCursor: string | null) => ({ retried, notRetried, nextCursor })

test('all are tried again by as many requests as that takes, each of the same', async () => {
  const send = vi.fn().mockResolvedValueOnce(told(500, 1, 'on')).mockResolvedValueOnce(told(7, 2, null))
  const { sum, go } = retryAll({ stage: 'video' }, send)
  await go()
  expect(sum).toEqual({ retried: 507, notRetried: 3 })
  expect(send.mock.calls).toEqual([[{ stage: 'video', cursor: null }], [{ stage: 'video', cursor: 'on' }]])
})

test('where trying all again failed it goes on from there, and counts on', async () => {
  const send = vi.fn().mockResolvedValueOnce(told(500, 0, 'on')).mockRejectedValueOnce(new Error('away')).mockResolvedValueOnce(told(7, 0, null))
  const { sum, go } = retryAll({}, send)
  await expect(go()).rejects.toThrow('away')
  expect(sum.retried).toBe(500)
  await go()
  expect(sum.retried).toBe(507)
  expect(send.mock.calls.map(([{ cursor }]) => cursor)).toEqual([null, 'on', 'on'])
})

test('once trying all again is stopped nothing more is sent', async () => {
  const send = vi.fn().mockResolvedValueOnce(told(500, 0, 'on')).mockResolvedValueOnce(told(1, 0, null))
  const { sum, go, stop } = retryAll({}, send)
  const going = go()
  stop()
  await going
  expect([sum.retried, send.mock.calls.length]).toEqual([500, 1])
})
