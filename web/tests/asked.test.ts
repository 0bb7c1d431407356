import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createRenderer } from 'vue'
import { useAsked } from '../src/ui/asked'

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('document', { visibilityState: 'visible' })
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

/** A part of a page that asks every second; what it asks for comes when the returned functions are called. */
function asking() {
  const answers: ((answer: string) => void)[] = []
  const nothing = () => null
  const nodes = { createElement: Object, createText: Object, createComment: Object, setText: nothing, setElementText: nothing }
  const { createApp } = createRenderer({ ...nodes, insert: nothing, remove: nothing, patchProp: nothing, parentNode: nothing, nextSibling: nothing })
  let asked!: ReturnType<typeof useAsked<string>>
  createApp({
    setup() {
      asked = useAsked(() => new Promise<string>((resolve) => answers.push(resolve)), 1000)
      return nothing
    },
  }).mount({})
  return { asked, answers }
}

test('an answer that takes longer than the time between two requests is shown', async () => {
  const { asked, answers } = asking()
  await vi.advanceTimersByTimeAsync(3500)
  answers[0]!('slow')
  await vi.advanceTimersByTimeAsync(0)
  expect([asked.data.value, answers.length]).toEqual(['slow', 1])
})

test('once an answer is there the next is asked for', async () => {
  const { asked, answers } = asking()
  await vi.advanceTimersByTimeAsync(1500)
  answers[0]!('first')
  await vi.advanceTimersByTimeAsync(1000)
  answers[1]!('second')
  await vi.advanceTimersByTimeAsync(0)
  expect(asked.data.value).toBe('second')
})

test('an answer to what was asked before somebody changed it is not shown', async () => {
  const { asked, answers } = asking()
  asked.put('changed')
  answers[0]!('before')
  await vi.advanceTimersByTimeAsync(0)
  expect(asked.data.value).toBe('changed')
})
