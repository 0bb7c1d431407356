import { expect, test, vi } from 'vitest'
import { createRenderer, h, nextTick, shallowRef, ssrContextKey } from 'vue'
import ManyDialog from '../src/edits/ManyDialog.vue'
import type { PhotoList } from '../src/photos/photoList'
import { Selection } from '../src/selection/selection'
import { monthPage, sectionOf } from './support'

const asked = vi.hoisted(() => [] as ((details: object) => void)[])
vi.mock('../src/photos/itemDetails', () => ({ itemDetails: () => new Promise((resolve) => asked.push(resolve)) }))
vi.mock('../src/edits/WordsDialog.vue', () => ({ default: {} }))
vi.mock('../src/edits/DateDialog.vue', () => ({ default: {} }))
vi.mock('../src/edits/PlaceDialog.vue', () => ({ default: {} }))

const sections = [sectionOf('2026-07', new Uint8Array(1), monthPage('2026-07', ['a']))]

test('the dialog does not open any more where nothing is chosen by the time that it is known what photos have in common', async () => {
  const closed = vi.fn()
  const selection = shallowRef(new Selection(sections).all(''))
  const nothing = () => null
  const nodes = { createElement: Object, createText: Object, createComment: Object, setText: nothing, setElementText: nothing }
  const { createApp } = createRenderer({ ...nodes, insert: nothing, remove: nothing, patchProp: nothing, parentNode: Object, nextSibling: nothing })
  const props = () => ({ kind: 'words' as const, list: {} as PhotoList, selection: selection.value, save: async () => {}, onClose: closed })
  const page = createApp({ render: () => h(ManyDialog, props()) })
  // Components are compiled for a server here, and write nothing.
  page.provide(ssrContextKey, {})
  page.config.warnHandler = () => {}
  page.mount({})
  selection.value = new Selection(sections)
  await nextTick()
  asked[0]!({})
  await vi.waitFor(() => expect(closed).toHaveBeenCalled())
  page.unmount()
})
