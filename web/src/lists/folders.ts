import { shallowRef } from 'vue'
import { answer, api } from '../api/client'
import type { components } from '../api/schema'
import { asking } from '../queue'

type Page = components['schemas']['Folders']
export type Folder = components['schemas']['Folder']

/** Every folder that has photos in it or below; null until they were fetched. */
export const folders = shallowRef<readonly Folder[] | null>(null)

/** Fetches them, or fetches them again. Throws `Problem`. */
export const fetchFolders = asking(async () => {
  const all: Folder[] = []
  for (let after: string | null | undefined; after !== null; ) {
    const page: Page = await answer(api.GET('/folders', { params: { query: after === undefined ? {} : { after } } }))
    all.push(...page.folders)
    after = page.nextAfter ?? null
  }
  folders.value = all
})
