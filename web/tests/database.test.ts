import 'fake-indexeddb/auto'
import { openDB } from 'idb'
import { expect, test, vi } from 'vitest'
import early from '../src/early.ts?raw'
import { PAGES_DATABASE, reopening } from '../src/database'
import { openIndex } from '../src/offline/kept'
import { storage } from '../src/storage'

test.each([
  [PAGES_DATABASE, 'session', storage],
  ['pinhole.kept', 'sums', reopening(openIndex)],
] as const)('a later version may change %s while pages of this one are open, and these go on', async (name, store, opened) => {
  const open = opened as () => Promise<{ count(store: string): Promise<number> }>
  await (await open()).count(store)
  const later = await openDB(name, 2, { upgrade: (db) => void db.createObjectStore('of a later version') })
  later.close()
  expect(await (await open()).count(store)).toBe(0)
})

test('what could not be opened is tried again when it is asked for again', async () => {
  const open = vi.fn(async () => 'open').mockRejectedValueOnce(new Error('No more room.'))
  const opened = reopening(open)
  await expect(opened()).rejects.toThrow('No more room.')
  expect([await opened(), await opened()]).toEqual(['open', 'open'])
  expect(open).toHaveBeenCalledTimes(2)
})

test('what runs before the bundle is here reads who is logged in where that writes it', () => {
  expect(early).toContain(`indexedDB.open('${PAGES_DATABASE}')`)
})
