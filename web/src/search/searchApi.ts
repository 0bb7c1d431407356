import { answer, api } from '../api/client'
import type { components } from '../api/schema'
import { fileDate } from '../texts/formats'
import { pictureOf } from './picture'
import { conditionsQuery, type Wanted } from './wanted'

export type Found = components['schemas']['Found']
export type Suggestion = components['schemas']['Suggestion']
export type Filters = components['schemas']['Filters']

/** What is found, or the page of it that a cursor asks for. Throws `Problem`. */
export async function search(wanted: Wanted, cursor: string | null): Promise<Found> {
  const { q, not, similarTo, sort } = wanted
  const query = { q, not, sort, today: fileDate(new Date()), ...conditionsQuery(wanted.conditions) }
  const picture = pictureOf(wanted.picture)
  if (picture) return answer(api.POST('/search/image', { params: { query }, body: { picture: picture.base64 } }))
  return answer(api.GET('/search', { params: { query: { ...query, ...(similarTo && { similarTo }), ...(cursor !== null && { cursor }) } } }))
}

/** What may be meant by what was typed so far; what was searched for last where nothing was. Throws `Problem`. */
export async function suggestions(q: string, signal?: AbortSignal): Promise<Suggestion[]> {
  const found = await answer(api.GET('/search/suggestions', { params: { query: { q } }, ...(signal && { signal }) }))
  return found.suggestions
}

/** What there is to filter by in the library. Throws `Problem`. */
export async function filters(): Promise<Filters> {
  return answer(api.GET('/search/filters'))
}

/** Has it suggested later. Throws `Problem`. */
export async function remember(q: string): Promise<void> {
  await answer(api.POST('/search/history', { body: { q } }))
}

/** Has one past search suggested no more, or none of them. Throws `Problem`. */
export async function forget(q?: string): Promise<void> {
  await answer(api.DELETE('/search/history', { params: { query: q === undefined ? {} : { q } } }))
}
