import { ref, shallowRef, type Ref } from 'vue'
import { messageOf } from '../api/problem'
import { itemDetails, type ItemDetails } from '../photos/itemDetails'
import type { PhotoList } from '../photos/photoList'
import { monthName } from '../texts/formats'
import { type MonthSection, type MonthSource, MonthStore } from './monthStore'

/** A list of months, and how it came here. What is shown already stays when fetching it again fails. */
export type MonthList = {
  photos: PhotoList
  state: Readonly<Ref<'loading' | 'ready' | 'failed'>>
  /** Why it failed, as a sentence. */
  error: Readonly<Ref<string>>
  /** Fetches the months, or fetches them again. */
  open(): Promise<void>
  /** The library is of another revision now; null: it may be, nobody was told. */
  libraryMoved(revision: number | null): void
  /** Nobody looks at it any more. */
  leave(): void
}

type Options = Pick<PhotoList, 'query' | 'home' | 'isByDay'> & {
  source: MonthSource
  /** The month of the list that an item is in, if it is in the list. */
  monthOf(details: ItemDetails): string | null
  /** Whether the list is the same as before in a library of this revision. */
  isCurrent?(revision: number, store: MonthStore): boolean
}

export function monthList({ source, query, home, isByDay, monthOf, isCurrent = () => false }: Options): MonthList {
  const sections = shallowRef<readonly MonthSection[]>([])
  const state = ref<'loading' | 'ready' | 'failed'>('loading')
  const error = ref('')
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

  async function refresh(): Promise<void> {
    try {
      await store.refresh()
      state.value = 'ready'
    } catch (thrown) {
      if (state.value !== 'ready') state.value = 'failed'
      error.value = messageOf(thrown)
    }
  }

  return {
    photos,
    state,
    error,
    async open() {
      if (state.value === 'failed') state.value = 'loading'
      await refresh()
    },
    libraryMoved(revision) {
      if (revision === null || !isCurrent(revision, store)) void refresh()
    },
    leave: () => store.leave(),
  }
}
