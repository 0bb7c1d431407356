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

test('all are tried again by as many requests as that takes, each of the same', async () => {
  const send = vi.fn().mockResolvedValueOnce({ retried: 500, notRetried: 1, nextCursor: 'on' }).mockResolvedValueOnce({ retried: 7, notRetried: 2, nextCursor: null })
  expect(await retryAll({ stage: 'video' }, send)).toEqual({ retried: 507, notRetried: 3 })
  expect(send.mock.calls).toEqual([[{ stage: 'video', cursor: null }], [{ stage: 'video', cursor: 'on' }]])
})
