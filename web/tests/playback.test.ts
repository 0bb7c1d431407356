import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { effectScope, type EffectScope, nextTick, ref } from 'vue'
import { Problem } from '../src/api/problem'
import type { Playback } from '../src/photos/playing/playback'
import { usePlayback } from '../src/photos/playing/usePlayback'
import { useHoverFilm } from '../src/photos/useHoverFilm'

const server = vi.hoisted(() => ({ answer: vi.fn(), moved: () => {} }))
vi.mock('../src/api/client', () => ({
  api: { GET: (_path: string, { params }: { params: { path: { item_id: string } } }) => params.path.item_id },
  answer: (id: string) => server.answer(id),
}))
vi.mock('../src/live/live', () => ({
  onLibraryMoved: (listener: () => void) => {
    server.moved = listener
    return () => (server.moved = () => {})
  },
}))
vi.mock('../src/api/reachable', () => ({ whenBack: () => () => {} }))

const making: Playback = { state: 'making', source: null, durationMs: 1000, progress: 0.5, errorCode: null }

function ready(url: string, isGoodFor = 3_600_000): Playback {
  const expiresAt = new Date(Date.now() + isGoodFor).toISOString()
  const source = { url, mimeType: 'video/mp4', width: 640, height: 360, sizeBytes: 1, isOriginal: false, expiresAt }
  return { ...making, state: 'ready', source, progress: null }
}

let scope: EffectScope
let count = 0
let id: ReturnType<typeof ref<string>> & { value: string }
const isWanted = ref(true)

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('matchMedia', () => ({ matches: false }))
  vi.stubGlobal('navigator', {})
  server.answer.mockReset()
  scope = effectScope()
  id = ref(`item${(count += 1)}`) as typeof id
  isWanted.value = true
})
afterEach(() => {
  scope.stop()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

function used(): ReturnType<typeof usePlayback> {
  return scope.run(() => usePlayback(id, () => isWanted.value))!
}

test('what is being made is asked for until it is ready, more and more seldom', async () => {
  server.answer.mockResolvedValue(making)
  const { told } = used()
  await vi.advanceTimersByTimeAsync(0)
  expect(told.value).toBe(making)
  await vi.advanceTimersByTimeAsync(60_000)
  const inTheFirstMinute = server.answer.mock.calls.length
  await vi.advanceTimersByTimeAsync(60_000)
  const inTheSecond = server.answer.mock.calls.length - inTheFirstMinute
  expect([inTheFirstMinute > 5, inTheSecond < inTheFirstMinute, inTheSecond > 3]).toEqual([true, true, true])
  server.answer.mockResolvedValue(ready('made'))
  await vi.advanceTimersByTimeAsync(15_000)
  expect(told.value?.source?.url).toBe('made')
  const all = server.answer.mock.calls.length
  await vi.advanceTimersByTimeAsync(120_000)
  expect(server.answer.mock.calls.length).toBe(all)
})

test('it is there as soon as the library tells that it has moved', async () => {
  server.answer.mockResolvedValueOnce(making).mockResolvedValueOnce(ready('made'))
  const { told } = used()
  await vi.advanceTimersByTimeAsync(0)
  server.moved()
  await vi.advanceTimersByTimeAsync(0)
  expect(told.value?.source?.url).toBe('made')
})

test('nothing is asked of what nobody wants to play, nor after it was left', async () => {
  server.answer.mockResolvedValue(making)
  isWanted.value = false
  used()
  await vi.advanceTimersByTimeAsync(5000)
  expect(server.answer).not.toHaveBeenCalled()
  isWanted.value = true
  await vi.advanceTimersByTimeAsync(0)
  expect(server.answer).toHaveBeenCalledOnce()
  scope.stop()
  server.moved()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(server.answer).toHaveBeenCalledOnce()
})

test('an answer about what was shown before is not taken for what is shown now', async () => {
  let late: (told: Playback) => void = () => {}
  server.answer.mockReturnValueOnce(new Promise((resolve) => (late = resolve))).mockResolvedValueOnce(making)
  const { told } = used()
  id.value = 'another'
  await nextTick()
  late(ready('of the first'))
  await vi.advanceTimersByTimeAsync(0)
  expect(told.value).toBe(making)
})

test('an address is used again until it runs out', async () => {
  server.answer.mockResolvedValueOnce(ready('first', 120_000)).mockResolvedValueOnce(ready('second'))
  used()
  await vi.advanceTimersByTimeAsync(0)
  const { told } = used()
  await vi.advanceTimersByTimeAsync(0)
  expect([told.value?.source?.url, server.answer.mock.calls.length]).toEqual(['first', 1])
  await vi.advanceTimersByTimeAsync(90_000)
  const later = used()
  await vi.advanceTimersByTimeAsync(0)
  expect(later.told.value?.source?.url).toBe('second')
})

test('why nothing is known is told, and what passes is tried again', async () => {
  server.answer.mockRejectedValueOnce(new Problem(503, 'busy', 'The server is busy.')).mockResolvedValueOnce(ready('made'))
  const { told, failure } = used()
  await vi.advanceTimersByTimeAsync(0)
  expect(failure.value).toBe('The server is busy.')
  await vi.advanceTimersByTimeAsync(5000)
  expect([failure.value, told.value?.source?.url]).toEqual(['', 'made'])
})

test('an address that could not be made anew is, once what kept it from that has passed', async () => {
  server.answer.mockResolvedValueOnce(ready('first'))
  const { told, ask } = used()
  await vi.advanceTimersByTimeAsync(0)
  server.answer.mockRejectedValueOnce(new Problem(503, 'busy', 'The server is busy.')).mockResolvedValueOnce(ready('second'))
  expect(await ask(true)).toBe(false)
  expect(told.value?.source?.url).toBe('first')
  await vi.advanceTimersByTimeAsync(5000)
  expect(told.value?.source?.url).toBe('second')
})

test('what was still being made when nobody wanted it any more is asked for when somebody does again', async () => {
  server.answer.mockResolvedValueOnce(making).mockResolvedValueOnce(ready('made'))
  const { told } = used()
  await vi.advanceTimersByTimeAsync(0)
  isWanted.value = false
  await nextTick()
  isWanted.value = true
  await vi.advanceTimersByTimeAsync(0)
  expect(told.value?.source?.url).toBe('made')
})

/** A tile of the grid, as events have it. */
function tile(film: string, kind?: string): Element {
  const element = new (globalThis.Element as unknown as new () => Element & { dataset: object })()
  return Object.assign(element, { dataset: { film, kind }, closest: () => element })
}

function over(target: Element, pointerType = 'mouse'): PointerEvent {
  return { target, pointerType } as unknown as PointerEvent
}

function hovering(): ReturnType<typeof useHoverFilm> {
  vi.stubGlobal('Element', function Element() {})
  return scope.run(useHoverFilm)!
}

test('a video plays in its tile once the mouse rests on it, and no more once it has left', async () => {
  server.answer.mockResolvedValue(ready('made'))
  const { film, pointerover, pointerout } = hovering()
  pointerover(over(tile(id.value)))
  await vi.advanceTimersByTimeAsync(299)
  expect(server.answer).not.toHaveBeenCalled()
  await vi.advanceTimersByTimeAsync(1)
  expect(film.value).toEqual({ id: id.value, url: 'made', isClip: false })
  pointerout({ relatedTarget: null } as PointerEvent)
  expect(film.value).toBeNull()
})

test('only one plays: what comes after the mouse went on to another does not', async () => {
  let late: (told: Playback) => void = () => {}
  server.answer.mockReturnValueOnce(new Promise((resolve) => (late = resolve))).mockResolvedValueOnce(ready('second'))
  const { film, pointerover } = hovering()
  pointerover(over(tile(id.value)))
  await vi.advanceTimersByTimeAsync(300)
  pointerover(over(tile('next', 'clip')))
  await vi.advanceTimersByTimeAsync(300)
  late(ready('first'))
  await vi.advanceTimersByTimeAsync(0)
  expect(film.value).toEqual({ id: 'next', url: 'second', isClip: true })
})

test('nothing plays beneath a finger, nor for who wants little motion', async () => {
  const { pointerover } = hovering()
  pointerover(over(tile(id.value), 'touch'))
  await vi.advanceTimersByTimeAsync(1000)
  vi.stubGlobal('matchMedia', () => ({ matches: true }))
  pointerover(over(tile(id.value)))
  await vi.advanceTimersByTimeAsync(1000)
  expect(server.answer).not.toHaveBeenCalled()
})
