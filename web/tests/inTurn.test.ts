import { beforeEach, expect, test, vi } from 'vitest'
import { asking } from '../src/queue'

/** Questions that are on their way, to be answered by a test. */
const asked = vi.hoisted(() => [] as ((answer: object) => void)[])
vi.mock('../src/api/client', () => ({
  answer: (call: Promise<unknown>) => call,
  api: { GET: () => new Promise((resolve) => asked.push(resolve)) },
}))
beforeEach(() => {
  asked.length = 0
})

/** Answers all that is asked, the last question first where there are several at once. */
async function answerAll(answers: object[]): Promise<void> {
  for (let number = 0; number < answers.length; ) {
    await vi.waitFor(() => expect(asked.length).toBeGreaterThan(0))
    const now = asked.splice(0)
    const theirs = answers.slice(number, (number += now.length))
    now.map((resolve, index) => () => resolve(theirs[index]!)).reverse().forEach((go) => go())
    await Promise.resolve()
  }
}

test('who asks while a question waits for its turn shares it, and who asks later does not', async () => {
  let times = 0
  const ask = asking(async () => (times += 1))
  expect(await Promise.all([ask(), ask()])).toEqual([1, 1])
  const first = ask()
  await Promise.resolve()
  expect(await Promise.all([first, ask(), ask()])).toEqual([2, 3, 3])
})

test('a question that fails does not keep the next from being asked', async () => {
  const work = vi.fn().mockRejectedValueOnce(new Error('No.')).mockResolvedValue('yes')
  const ask = asking(work)
  const first = ask()
  await expect(first).rejects.toThrow('No.')
  expect(await ask()).toBe('yes')
})

test('of folders the last question has the last word, whichever is answered first', async () => {
  const { fetchFolders, folders } = await import('../src/lists/folders')
  const page = (...paths: string[]) => ({ folders: paths.map((path) => ({ path, count: 1 })), nextAfter: null })
  const fetching = [fetchFolders()]
  await vi.waitFor(() => expect(asked).toHaveLength(1))
  fetching.push(fetchFolders())
  await answerAll([page('old'), page('old', 'new')])
  await Promise.all(fetching)
  expect(folders.value?.map(({ path }) => path)).toEqual(['old', 'new'])
})

test('of what there is to filter by the last question has the last word, whichever is answered first', async () => {
  const { loadOffer, offer, reloadOffer } = await import('../src/search/offer')
  const fetching = [loadOffer()]
  await vi.waitFor(() => expect(asked).toHaveLength(1))
  fetching.push(reloadOffer())
  await answerAll([{ filters: ['old'] }, { filters: ['new'] }])
  await Promise.all(fetching)
  expect(offer.value).toEqual({ filters: ['new'] })
})
