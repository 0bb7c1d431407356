import { answer, api } from '../api/client'
import type { ItemDetails } from '../photos/itemDetails'
import type { ListName } from '../photos/photoList'
import { folderAddress } from './folderPaths'
import { monthList, type MonthList } from './monthList'

/** Lists that were looked at last, so that going back finds one as it was. */
const MOST_KEPT = 3

const kept = new Map<string, MonthList>()

export type OtherList = Exclude<ListName, 'timeline'>

/** The month of what it is ordered by, of an item that is in it. */
function monthIn(name: OtherList, { takenAtLocal, trashedAt, uploadedAt }: ItemDetails): string | null {
  if (name === 'trash') return trashedAt?.slice(0, 7) ?? null
  return (name === 'recent' ? uploadedAt : takenAtLocal).slice(0, 7)
}

/** A list beside the timeline; `path` is of a folder alone, and '' is what lies in none. */
export function listOf(name: OtherList, path?: string): MonthList {
  const key = path === undefined ? name : `${name} ${path}`
  const list = kept.get(key) ?? made(name, path)
  kept.delete(key)
  kept.set(key, list)
  if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value!)
  return list
}

function made(name: OtherList, path?: string): MonthList {
  const ofFolder = path === undefined ? {} : { path }
  return monthList({
    query: { name, ...ofFolder },
    home: path === undefined ? `/${name}` : folderAddress(path),
    isByDay: name !== 'trash' && name !== 'recent',
    source: {
      months: () => answer(api.GET('/lists/{list}', { params: { path: { list: name }, query: ofFolder } })),
      month: (month, cursor, signal) => {
        const query = cursor === null ? ofFolder : { ...ofFolder, cursor }
        return answer(api.GET('/lists/{list}/{month}', { params: { path: { list: name, month }, query }, signal }))
      },
    },
    monthOf: (details) => monthIn(name, details),
  })
}
