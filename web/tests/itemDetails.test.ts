import { beforeEach, expect, test, vi } from 'vitest'
import { forgetDetails, itemDetails } from '../src/photos/itemDetails'

const asked = vi.hoisted(() => [] as ((answer: object) => void)[])
vi.mock('../src/api/client', () => ({
  answer: (call: Promise<unknown>) => call,
  api: { GET: () => new Promise((resolve) => asked.push(resolve)) },
}))

const details = (title: string) => ({ title, analysis: null, original: { expiresAt: new Date(Date.now() + 3_600_000).toISOString() } })

beforeEach(() => {
  asked.length = 0
  forgetDetails()
})

test('what is known of an item is asked for once', async () => {
  const first = itemDetails('a')
  asked[0]!(details('Beach'))
  expect(await first).toBe(await itemDetails('a'))
  expect(asked).toHaveLength(1)
})

test('an answer from before a change is no answer after it, however late it comes', async () => {
  const before = itemDetails('a')
  forgetDetails()
  const after = itemDetails('a')
  asked[1]!(details('Now'))
  expect(await after).toMatchObject({ title: 'Now' })
  asked[0]!(details('Before'))
  expect(await before).toMatchObject({ title: 'Now' })
})
