import 'fake-indexeddb/auto'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { countShared, dropShared, keepShared as keep, TooMuchShared, withShared } from '../src/sharedFiles'
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
let failures: unknown[]
const tabOf = (userId: number, landedWith: string | null = null) =>
  new TakenShares(locks, () => userId, landedWith, (error) => failures.push(error))
const keepShared = (files: File[], userId: number | null, unsure: string | null = null) => keep(files, userId, unsure)
const namesOf = (files: Map<string, File>) => [...files.values()].map(({ name }) => name).sort()

beforeEach(async () => {
  locks = new Locks()
  failures = []
  await withShared((db) => db.clear('files'))
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
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

test('what was shared while nobody was logged in is asked about by who logs in next, and then for nobody after', async () => {
  await keepShared([photo('a.jpg')], null)
  expect(await countShared(2)).toBe(1)
  const tab = tabOf(2)
  expect(namesOf(await tab.take())).toEqual([])
  const ids = await tab.unsure()
  expect(namesOf(await tab.take(ids))).toEqual(['a.jpg'])
  locks = new Locks()
  expect(await tabOf(1).unsure()).toEqual([])
})

test('what another site may have shared is asked about, but for where it opened this page as an app', async () => {
  await keepShared([photo('a.jpg'), photo('b.jpg')], 1, 'together')
  await keepShared([photo('c.jpg')], 1, 'other')
  expect(namesOf(await tabOf(1).take())).toEqual([])
  expect(namesOf(await tabOf(1, 'together').take())).toEqual(['a.jpg', 'b.jpg'])
  expect(await tabOf(1, 'together').unsure()).toHaveLength(1)
})

test('what nobody wants is forgotten, and what another tab was told to take stays', async () => {
  await keepShared([photo('a.jpg'), photo('b.jpg')], 1, 'together')
  const [first, second] = [tabOf(1), tabOf(1)]
  const ids = await first.unsure()
  await second.take(ids.slice(0, 1))
  await first.refuse(ids)
  expect(await withShared((db) => db.getAllKeys('files'))).toEqual(ids.slice(0, 1))
})

test('what was confirmed is not asked about again after a reload', async () => {
  await keepShared([photo('a.jpg')], 1, 'together')
  const tab = tabOf(1)
  await tab.take(await tab.unsure())
  locks = new Locks()
  expect(namesOf(await tabOf(1).take())).toEqual(['a.jpg'])
})

test('on a full disk a file is taken all the same', async () => {
  await keepShared([photo('a.jpg')], null)
  vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
    throw new DOMException('No room.', 'QuotaExceededError')
  })
  const tab = tabOf(1)
  expect(namesOf(await tab.take(await tab.unsure()))).toEqual(['a.jpg'])
})

test('what can’t be read is told, and another tab may try it; the rest is taken', async () => {
  await keepShared([photo('a.jpg'), photo('b.jpg')], 1)
  vi.spyOn(IDBObjectStore.prototype, 'get').mockImplementationOnce(() => {
    throw new DOMException('It is lost.', 'UnknownError')
  })
  expect((await tabOf(1).take()).size).toBe(1)
  expect(failures).toHaveLength(1)
  expect((await tabOf(1).take()).size).toBe(1)
})

test('where nothing can be opened, that is told, and nothing is taken', async () => {
  vi.spyOn(indexedDB, 'open').mockImplementation(() => {
    throw new DOMException('It is lost.', 'UnknownError')
  })
  expect((await tabOf(1).take()).size).toBe(0)
  expect(await tabOf(1).has('a')).toBe(false)
  expect(failures).toHaveLength(2)
})

test('a later version can change the database while a tab is open that has taken something', async () => {
  await keepShared([photo('a.jpg')], 1)
  await tabOf(1).take()
  await new Promise((resolve, reject) => {
    const deleting = indexedDB.deleteDatabase('pinhole.shared')
    deleting.onsuccess = resolve
    deleting.onblocked = reject
  })
})

test.each([
  ['files', 1001, 1],
  ['bytes', 3, 3 * 2 ** 30],
])('no more %s wait than a phone shares', async (_, count, size) => {
  const files = Array.from({ length: count }, (_, index) => Object.defineProperty(photo(`${index}.jpg`), 'size', { value: size }))
  await expect(keepShared(files, 1)).rejects.toBeInstanceOf(TooMuchShared)
  expect(await countShared(1)).toBe(0)
})

test('of a user who has not come back for months nothing stays once something else is shared', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  await keepShared([photo('a.jpg')], 1)
  await keepShared([photo('b.jpg')], 2)
  vi.setSystemTime(Date.now() + 100 * 24 * 60 * 60 * 1000)
  await keepShared([photo('c.jpg')], 2)
  expect([await countShared(1), await countShared(2)]).toEqual([0, 2])
})

test('only the tab that has a file may forget it', async () => {
  await keepShared([photo('a.jpg')], 1)
  const [id] = [...(await tabOf(1).take()).keys()]
  await tabOf(1).forget(id!)
  expect(await countShared(1)).toBe(1)
})

test('what is confirmed while the tab, or another, looks what there is to take is taken', async () => {
  await keepShared([photo('a.jpg'), photo('b.jpg')], 1, 'together')
  const tab = tabOf(1)
  const ids = await tab.unsure()
  const [, taken] = await Promise.all([tab.take(), tab.take(ids), tabOf(1).take()])
  expect(namesOf(taken)).toEqual(['a.jpg', 'b.jpg'])
})
