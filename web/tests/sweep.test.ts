import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createRenderer, shallowRef } from 'vue'
import type { GridLayout } from '../src/photos/gridLayout'
import type { PhotoList, Section } from '../src/photos/photoList'
import { ListSelection } from '../src/selection/listSelection'
import { useSweep } from '../src/selection/useSweep'
import { monthPage, sectionOf } from './support'

const month = (ids: string[]) => [sectionOf('2026-07', new Uint8Array(ids.length), monthPage('2026-07', ids))]

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('document', Object.assign(new EventTarget(), { documentElement: { classList: { add: () => {}, remove: () => {} } } }))
  vi.stubGlobal('requestAnimationFrame', () => 0)
  vi.stubGlobal('cancelAnimationFrame', () => {})
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

test('a long press chooses the photo that it was on, though one has come before it meanwhile', () => {
  const sections = shallowRef<Section[]>(month(['a', 'b']))
  const list = { get sections() { return sections.value }, query: null, asOf: '', load: async () => {} } as unknown as PhotoList
  const selection = new ListSelection(list)
  const layout = { get value() { return { sections: sections.value, placeNear: () => ({ position: 0, index: 0 }) } as unknown as GridLayout } }
  const grid = shallowRef(Object.assign(new EventTarget(), { getBoundingClientRect: () => ({ left: 0, top: 0 }) }) as unknown as HTMLElement)
  const nothing = () => null
  const nodes = { createElement: Object, createText: Object, createComment: Object, setText: nothing, setElementText: nothing }
  const { createApp } = createRenderer({ ...nodes, insert: nothing, remove: nothing, patchProp: nothing, parentNode: nothing, nextSibling: nothing })
  let sweep!: ReturnType<typeof useSweep>
  const page = createApp({
    setup() {
      sweep = useSweep(grid, layout as never, {} as never, shallowRef(selection))
      return nothing
    },
  })
  page.mount({})
  const on = (selector: string) => (selector === '[data-index]' ? {} : null)
  sweep.down({ pointerType: 'touch', pointerId: 1, button: 0, clientX: 5, clientY: 5, target: { closest: on } } as unknown as PointerEvent)
  sections.value = month(['new', 'a', 'b'])
  selection.follow()
  vi.advanceTimersByTime(1000)
  expect(selection.now.ids(9)).toEqual(['a'])
  page.unmount()
})
