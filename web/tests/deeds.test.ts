import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { computed, effectScope, type EffectScope, nextTick, shallowRef } from 'vue'
import type { PhotoList, Section } from '../src/photos/photoList'
import { useDeeds } from '../src/photos/viewer/useDeeds'
import { monthPage, sectionOf } from './support'

const edits = vi.hoisted(() => ({ undo: () => {} }))
vi.mock('../src/edits/changes', () => ({ editMany: async (...asked: unknown[]) => void (edits.undo = asked[3] as () => void) }))

const month = (isFavourite: boolean) => [sectionOf('2026-07', new Uint8Array(1), monthPage('2026-07', ['a'], { flags: [Number(isFavourite)] }))]

let scope: EffectScope
let sections: { value: Section[] }
let deeds: ReturnType<typeof useDeeds>

beforeEach(() => {
  const shown = shallowRef(month(false))
  sections = shown
  const list = { get sections() { return shown.value }, query: { name: 'timeline' }, load: async () => {} } as unknown as PhotoList
  const current = computed(() => ({ id: 'a', section: shown.value[0]!, index: 0 }))
  scope = effectScope()
  deeds = scope.run(() => useDeeds(list, current, async () => {}, () => {}))!
})
afterEach(() => scope.stop())

async function tell(isFavourite: boolean): Promise<boolean> {
  sections.value = month(isFavourite)
  await nextTick()
  return deeds.isFavourite.value
}

test('what is wished for is not taken back by a list that was asked for before, and then the list tells what is', async () => {
  deeds.actByKey('f')
  expect(await tell(false)).toBe(true)
  expect(await tell(true)).toBe(true)
  expect(await tell(false)).toBe(false)
})

test('what was wished for and is undone is as the list tells', () => {
  deeds.actByKey('f')
  expect(deeds.isFavourite.value).toBe(true)
  edits.undo()
  expect(deeds.isFavourite.value).toBe(false)
})
