import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { unreachable } from '../src/api/problem'
import { notices } from '../src/ui/notices'

const server = vi.hoisted(() => ({ asked: [] as string[], state: 'done', isAway: false }))
vi.mock('../src/api/client', () => {
  const change = (id: string) => ({ id, state: server.state, total: 9, done: server.state === 'done' ? 9 : 0, skipped: 0, undoes: null, undone: false })
  return {
    answer: (call: Promise<unknown>) => call,
    api: {
      PATCH: async (_path: string, { body }: { body: { changeId: string } }) => change(body.changeId),
      POST: async () => {
        server.asked.push('undo')
        return change('undoing')
      },
      GET: async () => {
        server.asked.push('how far')
        if (server.isAway) throw unreachable()
        return change('running')
      },
    },
  }
})
vi.mock('../src/auth/session', () => ({ beforeLeaving: () => {} }))
vi.mock('../src/live/live', () => ({ libraryMayHaveMoved: () => {} }))
vi.mock('../src/photos/itemDetails', () => ({ forgetDetails: () => {} }))

const load = () => import('../src/edits/changes')
let changes: Awaited<ReturnType<typeof load>>
const edit = (id: string) => changes.editMany([{ ids: [id] }], { set: { favourite: true } }, String)

beforeAll(async () => {
  vi.stubGlobal('window', new EventTarget())
  vi.stubGlobal('document', new EventTarget())
  vi.stubGlobal('Element', Map)
  changes = await load()
})
afterAll(() => {
  vi.unstubAllGlobals()
})
beforeEach(() => {
  vi.useFakeTimers()
  Object.assign(server, { asked: [], state: 'done', isAway: false })
})
afterEach(() => {
  vi.useRealTimers()
})

test('a change that does not come on is asked about more and more seldom', async () => {
  Object.assign(server, { state: 'running', isAway: true })
  await edit('a')
  await vi.advanceTimersByTimeAsync(3600_000)
  expect(server.asked.length).toBeGreaterThan(60)
  expect(server.asked.length).toBeLessThan(250)
  Object.assign(server, { state: 'done', isAway: false })
  await vi.runAllTimersAsync()
})

test('what was undone before it was known to be done is not said to be done', async () => {
  server.state = 'running'
  await edit('a')
  server.state = 'done'
  document.dispatchEvent(Object.assign(new Event('keydown'), { ctrlKey: true, key: 'z' }))
  await vi.advanceTimersByTimeAsync(0)
  const told = notices.value.map(({ text }) => text)
  await vi.advanceTimersByTimeAsync(2000)
  expect(server.asked).toEqual(['undo', 'how far'])
  expect(notices.value.filter(({ text }) => !told.includes(text))).toEqual([])
  expect(notices.value.filter(({ action }) => action)).toEqual([])
})

test('of what was done in a long visit the last hundred can be undone by a key', async () => {
  for (let number = 0; number < 130; number++) await edit(`photo ${number}`)
  await vi.runAllTimersAsync()
  for (let number = 0; number < 140; number++) {
    document.dispatchEvent(Object.assign(new Event('keydown'), { ctrlKey: true, key: 'z' }))
    await vi.runAllTimersAsync()
  }
  expect(server.asked.filter((what) => what === 'undo')).toHaveLength(100)
})
