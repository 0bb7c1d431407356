import { describe, expect, test, vi } from 'vitest'
import { shallowRef } from 'vue'
import type { PhotoList, Section } from '../src/photos/photoList'
import { ListSelection } from '../src/selection/listSelection'
import { monthPage, sectionOf } from './support'

const at = (position: number, index: number) => ({ position, index })
const here = (key: string, ids: string[]) => sectionOf(key, new Uint8Array(ids.length), monthPage(key, ids))

function listOf(first: Section[], load: PhotoList['load'] = () => Promise.resolve()) {
  const sections = shallowRef<readonly Section[]>(first)
  const list: PhotoList = {
    get sections() {
      return sections.value
    },
    query: { name: 'timeline' },
    asOf: '2026-07-30T10:00:00Z',
    isByDay: true,
    home: '/',
    pathOf: (id) => id,
    titleOf: ({ key }) => key,
    groupOf: ({ key }) => key,
    near: () => {},
    view: () => {},
    load,
    find: () => Promise.resolve(),
  }
  const selection = new ListSelection(list)
  function change(next: Section[]): void {
    sections.value = next
    selection.follow()
  }
  return { selection, change }
}

const months = [here('2026-07', ['a', 'b', 'c', 'd', 'e']), here('2026-06', ['v', 'w'])]

test('a span goes on from the photo that was chosen last, and shrinks as it grew', () => {
  const { selection } = listOf(months)
  selection.toggle(at(0, 1))
  selection.extendTo(at(1, 0), at(1, 0))
  expect(selection.now.count).toBe(5)
  selection.extendTo(at(0, 2), at(0, 2))
  expect(selection.now.count).toBe(2)
})

test('a span from a photo that was taken away takes away', () => {
  const { selection } = listOf(months)
  selection.all()
  selection.toggle(at(0, 0))
  selection.extendTo(at(0, 2), at(0, 2))
  expect(selection.now.count).toBe(4)
})

test('where nothing is chosen any more, a span begins anew, and chooses', () => {
  const { selection } = listOf(months)
  selection.toggle(at(0, 0))
  selection.toggle(at(0, 0))
  selection.extendTo(at(0, 3), at(0, 2))
  expect(selection.now.count).toBe(2)
})

test('a sweep that took everything away brings it back where it goes back', () => {
  const { selection } = listOf(months)
  selection.toggle(at(0, 0))
  selection.toggle(at(0, 1))
  selection.begin(at(0, 1), false)
  selection.spanTo(at(0, 0))
  expect(selection.now.count).toBe(0)
  selection.spanTo(at(0, 1))
  expect(selection.now.count).toBe(1)
})

test('a span goes on from its photo wherever that has moved', () => {
  const { selection, change } = listOf(months)
  selection.toggle(at(0, 1))
  change([here('2026-07', ['new', 'a', 'b', 'c', 'd', 'e']), months[1]!])
  selection.extendTo(at(0, 3), at(0, 3))
  expect(['a', 'b', 'c', 'd'].map((_, index) => selection.now.has(at(0, index + 1)))).toEqual([false, true, true, false])
})

test('a day or a month that is chosen already is taken away', () => {
  const { selection } = listOf(months)
  selection.toggle(at(0, 0))
  selection.toggleSection(0)
  expect(selection.now.count).toBe(5)
  selection.toggleRange(0, 1, 3)
  expect(selection.now.count).toBe(3)
  selection.toggleSection(0)
  selection.toggleSection(0)
  expect(selection.now.count).toBe(0)
})

test('what is not known by its id is fetched before anything is sent', async () => {
  const away = sectionOf('2026-06', new Uint8Array(2))
  const load = vi.fn(async () => change([months[0]!, months[1]!]))
  const { selection, change } = listOf([months[0]!, away], load)
  selection.toggle(at(1, 1))
  expect(await selection.targets()).toEqual([{ ids: ['w'] }])
  expect(load).toHaveBeenCalledWith('2026-06')
})

test('where that fails it is said, and nothing is sent or lost', async () => {
  const away = sectionOf('2026-06', new Uint8Array(2))
  const { selection } = listOf([months[0]!, away], () => Promise.reject(new Error('away')))
  selection.toggle(at(1, 1))
  await expect(selection.targets()).rejects.toThrow('away')
  expect(selection.now.count).toBe(1)
})

test('all that is chosen can be named, also of months that the list lets go of at once', async () => {
  const asleep = [sectionOf('2026-07', new Uint8Array(2)), sectionOf('2026-06', new Uint8Array(2))]
  const items = { '2026-07': ['a', 'b'], '2026-06': ['v', 'w'] }
  const fake = listOf(asleep, (key) => {
    fake.change(asleep.map((section) => (section.key === key ? here(key, items[key as keyof typeof items]) : section)))
    return Promise.resolve()
  })
  fake.selection.all()
  expect(await fake.selection.ids()).toEqual(['a', 'b', 'v', 'w'])
})

test('what changes while the rest of it is fetched is fetched again before anything is sent', async () => {
  const asleep = [sectionOf('2026-07', new Uint8Array(3)), sectionOf('2026-06', new Uint8Array(3))]
  const items: Record<string, string[]> = { '2026-07': ['a', 'b', 'new'], '2026-06': ['v', 'w', 'new2'] }
  let loads = 0
  const fake = listOf([here('2026-07', ['a', 'b']), here('2026-06', ['v', 'w'])], (key) => {
    loads += 1
    const others = loads === 1 ? asleep : sections()
    fake.change(others.map((section) => (section.key === key && loads > 1 ? here(key, items[key]!) : section)))
    return Promise.resolve()
  })
  const sections = () => fake.selection.now.sections as typeof asleep
  fake.selection.all()
  fake.change(asleep)
  expect(await fake.selection.targets()).toEqual([{ ids: ['a', 'b', 'v', 'w'] }])
})

describe('what is to be sent', () => {
  const empty = (key: string, count: number) => sectionOf(key, new Uint8Array(count))

  /** A list of a month that is not here, of which one photo is chosen; and what has it come. */
  function choosing() {
    let come = () => {}
    const held = new Promise<void>((resolve) => (come = resolve))
    const { selection, change } = listOf([empty('2026-07', 3)], () => held)
    selection.toggle(at(0, 0))
    return { selection, come: () => (change([here('2026-07', ['a', 'b', 'c'])]), come()) }
  }

  test('is what was chosen when that was asked for, whatever is chosen while it comes', async () => {
    const { selection, come } = choosing()
    const asking = selection.targets()
    selection.clear()
    selection.toggle(at(0, 2))
    come()
    expect(await asking).toEqual([{ ids: ['a'] }])
    expect(await selection.targets()).toEqual([{ ids: ['c'] }])
  })

  test('is chosen no more once it has left the list, but for where somebody has chosen anew', async () => {
    const { selection } = listOf(months)
    selection.toggle(at(0, 0))
    await selection.sendAll(() => Promise.resolve(), true)
    expect(selection.now.count).toBe(0)

    selection.toggle(at(0, 0))
    await selection.sendAll(async () => selection.toggle(at(0, 3)), true)
    expect(selection.now.has(at(0, 3))).toBe(true)
  })

  test('stays chosen where it stays in the list, or was not sent', async () => {
    const { selection } = listOf(months)
    selection.toggle(at(0, 0))
    await selection.sendAll(() => Promise.resolve(), false)
    await expect(selection.sendAll(() => Promise.reject(new Error('No.')), true)).rejects.toThrow('No.')
    expect(selection.now.count).toBe(1)
  })
})
