import { shallowRef } from 'vue'
import { answer, api } from '../api/client'
import type { components } from '../api/schema'

export type Folder = components['schemas']['Folder']

/** Every folder that has photos in it or below; null until they were fetched. */
export const folders = shallowRef<readonly Folder[] | null>(null)

/** Fetches them, or fetches them again. Throws `Problem`. */
export async function fetchFolders(): Promise<void> {
  folders.value = (await answer(api.GET('/folders'))).folders
}
