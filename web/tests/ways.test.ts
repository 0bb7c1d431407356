import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { effectScope, type EffectScope } from 'vue'
import type { PhotoList } from '../src/photos/photoList'
import { useWays } from '../src/photos/viewer/useWays'

const router = vi.hoisted(() => ({ replace: vi.fn(), push: vi.fn(), back: vi.fn() }))
vi.mock('vue-router', () => ({ useRouter: () => router }))

let scope: EffectScope
/** What the neighbour is, once it is here. */
let come: (id: string | null) => void
let ways: ReturnType<typeof useWays>

beforeEach(() => {
  vi.clearAllMocks()
  router.push.mockResolvedValue(undefined)
  vi.stubGlobal('window', { history: { state: { back: null } } })
  scope = effectScope()
  const list = { home: '/', pathOf: (id: string) => `/photo/${id}` } as PhotoList
  ways = scope.run(() => useWays(list, () => new Promise((resolve) => (come = resolve))))!
})
afterEach(() => vi.unstubAllGlobals())

test('a photo that has to be fetched is turned to once it is here', async () => {
  const turning = ways.turn(1)
  come('b')
  await turning
  expect(router.replace).toHaveBeenCalledWith('/photo/b')
})

test('a photo that comes after the viewer was left, be it by the browser’s Back, opens it no more', async () => {
  const turning = ways.turn(1)
  scope.stop()
  come('b')
  await turning
  expect(router.replace).not.toHaveBeenCalled()
})

test('what leaves the list after the viewer was left leads nowhere', async () => {
  const leaving = ways.leave()
  scope.stop()
  come(null)
  await vi.waitFor(() => Promise.resolve())
  come(null)
  await leaving
  expect([router.replace, router.push, router.back].flatMap(({ mock }) => mock.calls)).toEqual([])
})

test('where nothing is left in the list, the page is gone back to once', async () => {
  const leaving = ways.leave()
  come(null)
  await vi.waitFor(() => Promise.resolve())
  come(null)
  await leaving
  ways.close()
  expect(router.push.mock.calls).toEqual([['/']])
})
