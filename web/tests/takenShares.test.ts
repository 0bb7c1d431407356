import 'fake-indexeddb/auto'
import { beforeEach, expect, test } from 'vitest'
import { countShared, dropShared, keepShared, openSharedFiles } from '../src/sharedFiles'
import { TakenShares } from '../src/uploads/takenShares'

/** Web locks as far as they are needed: of each name one, for whoever asks first. */
class Locks {
  #held = new Set<string>()
  request = (async (name: string, _how: LockOptions, work: (lock: object | null) => unknown) => {
    if (this.#held.has(name)) return work(null)
    this.#held.add(name)
    await work({})
    this.#held.delete(name)
  }) as unknown as LockManager['request']
}

let locks: Locks
const photo = (name: string) => new File([name], name, { type: 'image/jpeg', lastModified: 1e12 })
const tabOf = (userId: number) => new TakenShares(openSharedFiles(), locks, () => userId)
const namesOf = (files: Map<string, File>) => [...files.values()].map(({ name }) => name).sort()

beforeEach(async () => {
  locks = new Locks()
  const db = await openSharedFiles()
  await db.clear('files')
  db.close()
})

test('what was shared comes as the file that it was', async () => {
  await keepShared([photo('a.jpg')], 1)
  const [file] = [...(await tabOf(1).take()).values()]
  expect([file!.name, file!.type, file!.lastModified, await file!.text()]).toEqual(['a.jpg', 'image/jpeg', 1e12, 'a.jpg'])
})

test('of two tabs one takes each file, and it waits until that one is done with it', async () => {
  await keepShared([photo('a.jpg'), photo('b.jpg')], 1)
  const [first, second] = [tabOf(1), tabOf(1)]
  const taken = await Promise.all([first.take(), second.take()])
  expect(taken.flatMap(namesOf).sort()).toEqual(['a.jpg', 'b.jpg'])
  expect(await countShared(1)).toBe(2)
  for (const [index, tab] of [first, second].entries()) for (const id of taken[index]!.keys()) await tab.forget(id)
  expect(await countShared(1)).toBe(0)
})

test('a tab that is killed leaves what it had to the next', async () => {
  await keepShared([photo('a.jpg')], 1)
  await tabOf(1).take()
  locks = new Locks()
  expect(namesOf(await tabOf(1).take())).toEqual(['a.jpg'])
})

test('what a tab has done with while another looked is not taken twice', async () => {
  await keepShared([photo('a.jpg')], 1)
  const [first, second] = [tabOf(1), tabOf(1)]
  const [id] = [...(await first.take()).keys()]
  const [, taken] = await Promise.all([first.forget(id!), second.take()])
  expect(namesOf(taken)).toEqual([])
})

test('what one user has shared never comes to another', async () => {
  await keepShared([photo('a.jpg')], 1)
  expect(namesOf(await tabOf(2).take())).toEqual([])
  await dropShared(2)
  expect(namesOf(await tabOf(1).take())).toEqual(['a.jpg'])
})

test('what was shared while nobody was logged in is for who logs in next, and for nobody after', async () => {
  await keepShared([photo('a.jpg')], null)
  expect(await countShared(2)).toBe(1)
  expect(namesOf(await tabOf(2).take())).toEqual(['a.jpg'])
  locks = new Locks()
  expect(namesOf(await tabOf(1).take())).toEqual([])
})

test('only the tab that has a file may forget it', async () => {
  await keepShared([photo('a.jpg')], 1)
  const [id] = [...(await tabOf(1).take()).keys()]
  await tabOf(1).forget(id!)
  expect(await countShared(1)).toBe(1)
})
