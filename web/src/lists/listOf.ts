import { answer, api } from '../api/client'
import type { ItemDetails } from '../photos/itemDetails'
import type { ListName } from '../photos/photoList'
import type { FetchedList } from './fetchedList'
import { folderAddress } from './folderPaths'
import { LastUsed } from './lastUsed'
import { monthList } from './monthList'

const lists = new LastUsed<FetchedList>()

export type OtherList = Exclude<ListName, 'timeline'>

/** The month of what it is ordered by, of an item that is in it. */
function monthIn(name: OtherList, { takenAtLocal, trashedAt, uploadedAt }: ItemDetails): string | null {
  if (name === 'trash') return trashedAt?.slice(0, 7) ?? null
  return (name === 'recent' ? uploadedAt : takenAtLocal).slice(0, 7)
}

/** A list beside the timeline; `path` is of a folder alone, and '' is what lies in none. */
export function listOf(name: OtherList, path?: string): FetchedList {
  return lists.get(path === undefined ? name : `${name} ${path}`, () => made(name, path))
}

function made(name: OtherList, path?: string): FetchedList {
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
