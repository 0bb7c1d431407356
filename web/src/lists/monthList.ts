import { shallowRef } from 'vue'
import { itemDetails, type ItemDetails } from '../photos/itemDetails'
import type { PhotoList } from '../photos/photoList'
import { monthName } from '../texts/formats'
import { type FetchedList, fetchedList } from './fetchedList'
import { type MonthSection, type MonthSource, MonthStore } from './monthStore'

type Options = Pick<PhotoList, 'query' | 'home' | 'isByDay'> & {
  source: MonthSource
  /** The month of the list that an item is in, if it is in the list. */
  monthOf(details: ItemDetails): string | null
  /** Whether the list is the same as before in a library of this revision. */
  isCurrent?(revision: number, store: MonthStore): boolean
}

/** A list of months. */
export function monthList({ source, query, home, isByDay, monthOf, isCurrent = () => false }: Options): FetchedList {
  const sections = shallowRef<readonly MonthSection[]>([])
  const store = new MonthStore(source, () => (sections.value = store.sections))
  const above = home === '/' ? '' : home

  const photos: PhotoList = {
    get sections() {
      return sections.value
    },
    query,
    get asOf() {
      return store.asOf
    },
    isByDay,
    home,
    pathOf: (id) => `${above}/photo/${id}`,
    titleOf: ({ key }) => monthName(key),
    groupOf: ({ key }) => key.slice(0, 4),
    near: (keys) => store.near(keys),
    view: (keys) => store.view(keys),
    load: (key) => store.load(key),
    find: async (id) => {
      const month = monthOf(await itemDetails(id))
      return month && store.load(month)
    },
  }

  return fetchedList(photos, {
    fetch: () => store.refresh(),
    isCurrent: (revision) => isCurrent(revision, store),
    leave: () => store.leave(),
  })
}
