import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { dismiss, notices, notify, tell, insist } from '../src/ui/notices'

const shown = () => notices.value.map(({ text }) => text)
const undo = { label: 'Undo', run: () => {} }

beforeEach(() => {
  vi.useFakeTimers()
  notices.value = []
})
afterEach(() => vi.useRealTimers())

test('what is told in passing takes the place of what was told so before, with its action, and has its whole time', () => {
  notify('Archived', undo)
  vi.advanceTimersByTime(14_000)
  notify('Undone')
  expect(notices.value).toEqual([{ id: expect.any(Number), text: 'Undone' }])
  vi.advanceTimersByTime(5000)
  expect(shown()).toEqual(['Undone'])
  vi.advanceTimersByTime(1000)
  expect(shown()).toEqual([])
})

test('what went wrong and what is under way stay beside what is told in passing', () => {
  insist('Not saved')
  const id = tell('15 of 40')
  notify('Done')
  tell('20 of 40', undefined, id)
  expect(shown()).toEqual(['Not saved', '20 of 40', 'Done'])
  vi.advanceTimersByTime(60_000)
  dismiss(id)
  expect(shown()).toEqual(['Not saved'])
})
