import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createRenderer } from 'vue'

const server = vi.hoisted(() => ({ moved: (() => {}) as (revision: number) => void, asked: [] as ((covers: object) => void)[] }))
vi.mock('../src/api/client', () => ({
  answer: (call: Promise<unknown>) => call,
  api: { GET: () => new Promise((resolve) => server.asked.push(resolve)) },
}))
vi.mock('../src/live/live', () => ({
  onLibraryMoved: (call: (revision: number) => void) => {
    server.moved = call
    return () => {}
  },
}))
vi.mock('../src/photos/comeBack', () => ({ useComeBack: () => ({ failed: () => {}, done: () => {} }) }))

const load = () => import('../src/views/covers')
let views: Awaited<ReturnType<typeof load>>
let leave: () => void

beforeAll(async () => {
  views = await load()
  const nothing = () => null
  const nodes = { createElement: Object, createText: Object, createComment: Object, setText: nothing, setElementText: nothing }
  const { createApp } = createRenderer({ ...nodes, insert: nothing, remove: nothing, patchProp: nothing, parentNode: nothing, nextSibling: nothing })
  const page = createApp({
    setup() {
      views.useCovers()
      return nothing
    },
  })
  page.mount({})
  leave = () => page.unmount()
})
afterAll(() => leave())

test('while covers are asked for, all moves of the library are one more question, and its answer stands', async () => {
  for (const revision of [2, 3, 4]) server.moved(revision)
  expect(server.asked).toHaveLength(1)
  server.asked[0]!({ revision: 1, months: [] })
  await vi.waitFor(() => expect(server.asked).toHaveLength(2))
  server.asked[1]!({ revision: 4, months: [] })
  await vi.waitFor(() => expect(views.covers.value?.revision).toBe(4))
  server.moved(4)
  expect(server.asked).toHaveLength(2)
})
