import { ref, shallowRef } from 'vue'
import { answer, api } from '../api/client'
import { messageOf } from '../api/problem'
import { MonthStore, type Section } from './monthStore'

/** The months of whoever is logged in, newest first. */
export const sections = shallowRef<readonly Section[]>([])
export const libraryState = ref<'loading' | 'ready' | 'failed'>('loading')
export const libraryError = ref('')

export const months = new MonthStore(
  {
    timeline: () => answer(api.GET('/timeline')),
    month: (month, cursor, signal) =>
      answer(
        api.GET('/timeline/{month}', { params: { path: { month }, query: cursor === null ? {} : { cursor } }, signal }),
      ),
  },
  () => (sections.value = months.sections),
)

/** Fetch the months again; what is already shown stays when that fails. */
export async function refreshLibrary(): Promise<void> {
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
