import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ref } from 'vue'
import { useCardKeys } from '../src/views/useCardKeys'

vi.mock('../src/photos/keptPlace', () => ({ keptPlace: () => null, useKeptPlace: () => {} }))
vi.mock('../src/views/zoom', () => ({ useZoom: () => '2019' }))

const card = { dataset: { key: '2019' }, focus: vi.fn(), scrollIntoView: vi.fn() }
let writes: boolean

beforeEach(() => {
  vi.clearAllMocks()
  vi.stubGlobal('getComputedStyle', () => ({ getPropertyValue: () => '60' }))
  vi.stubGlobal('document', { activeElement: { matches: () => writes } })
})
afterEach(() => vi.unstubAllGlobals())

async function arrive(): Promise<void> {
  const root = ref({ querySelectorAll: () => [card] } as unknown as HTMLElement)
  await useCardKeys(root, '/years', () => [['2019']], () => 4, () => {}).arrive()
}

test('the keys go on at the card that one comes to', async () => {
  writes = false
  await arrive()
  expect(card.focus).toHaveBeenCalled()
})

test('cards that come late take the keys from nobody who writes meanwhile', async () => {
  writes = true
  await arrive()
  expect(card.scrollIntoView).toHaveBeenCalled()
  expect(card.focus).not.toHaveBeenCalled()
})
