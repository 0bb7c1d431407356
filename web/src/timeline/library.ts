import { ref, shallowRef } from 'vue'
import { answer, api } from '../api/client'
import { messageOf } from '../api/problem'
import { itemDetails } from '../photos/itemDetails'
import type { PhotoList } from '../photos/photoList'
import { monthName } from '../texts/formats'
import { type MonthSection, MonthStore } from './monthStore'

const sections = shallowRef<readonly MonthSection[]>([])

const months = new MonthStore(
  {
    timeline: () => answer(api.GET('/timeline')),
    month: (month, cursor, signal) => {
      const query = cursor === null ? {} : { cursor }
      return answer(api.GET('/timeline/{month}', { params: { path: { month }, query }, signal }))
    },
  },
  () => (sections.value = months.sections),
)

/** The months of whoever is logged in, newest first. */
export const timeline: PhotoList = {
  get sections() {
    return sections.value
  },
  query: { name: 'timeline' },
  get asOf() {
    return months.asOf
  },
  isByDay: true,
  home: '/',
  pathOf: (id) => `/photo/${id}`,
  titleOf: ({ key }) => monthName(key),
  groupOf: ({ key }) => key.slice(0, 4),
  near: (keys) => months.near(keys),
  view: (keys) => months.view(keys),
  load: (key) => months.load(key),
  find: async (id) => months.load((await itemDetails(id)).takenAtLocal.slice(0, 7)),
}

export const libraryState = ref<'loading' | 'ready' | 'failed'>('loading')
export const libraryError = ref('')

/** Fetch the months again; what is already shown stays when that fails. */
async function refreshLibrary(): Promise<void> {
  try {
    await months.refresh()
    libraryState.value = 'ready'
  } catch (error) {
    if (libraryState.value !== 'ready') libraryState.value = 'failed'
    libraryError.value = messageOf(error)
  }
}

export async function openLibrary(): Promise<void> {
  if (libraryState.value === 'failed') libraryState.value = 'loading'
  await refreshLibrary()
}

/** The library is of another revision now; null: it may be, nobody was told. */
export function libraryMoved(revision: number | null): void {
  if (revision === null || revision > months.revision) void refreshLibrary()
}
