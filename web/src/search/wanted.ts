import { stringifyQuery, type LocationQuery, type LocationQueryRaw } from 'vue-router'

/** What the server can filter by, in the order that people are shown it. */
export const FILTERS = ['from', 'to', 'on', 'kind', 'country', 'place', 'camera', 'favourite', 'minRating'] as const
export type FilterName = (typeof FILTERS)[number]

export function isFilter(name: string | null): name is FilterName {
  return (FILTERS as readonly (string | null)[]).includes(name)
}

/** That a filter has a value, or that it has not. */
export type Condition = { filter: FilterName; value: string; isNot: boolean }

/** What is searched for: all that the address of the page tells. */
export type Wanted = {
  q: string
  /** Words of what is not wanted, in words or in pictures. */
  not: string
  conditions: readonly Condition[]
  /** The id of a photo in the library that others are to be like; '' for none. */
  similarTo: string
  /** By which the tab knows a picture from elsewhere: see `picture.ts`; '' for none. */
  picture: string
  sort: 'relevance' | 'date'
}

export const NOTHING: Wanted = { q: '', not: '', conditions: [], similarTo: '', picture: '', sort: 'relevance' }

/** What an address asks for. What it can't ask for is left out. */
export function wantedOf(query: LocationQuery): Wanted {
  const all = (name: string) => [query[name] ?? []].flat().filter((value) => value !== null && value !== '') as string[]
  const first = (name: string) => all(name)[0] ?? ''
  const conditions = FILTERS.flatMap((filter) =>
    [false, true].flatMap((isNot) => [...new Set(all(nameOf(filter, isNot)))].map((value) => ({ filter, value, isNot }))),
  )
  return {
    q: first('q'),
    not: first('not'),
    conditions,
    similarTo: first('similarTo'),
    picture: first('picture'),
    sort: first('sort') === 'date' ? 'date' : 'relevance',
  }
}

/** The parameter of a condition: `country`, `notCountry`. */
function nameOf(filter: FilterName, isNot: boolean): string {
  return isNot ? `not${filter[0]!.toUpperCase()}${filter.slice(1)}` : filter
}

/** The conditions as parameters. */
export function conditionsQuery(conditions: readonly Condition[]): Record<string, string[]> {
  const query: Record<string, string[]> = {}
  for (const { filter, value, isNot } of conditions) (query[nameOf(filter, isNot)] ??= []).push(value)
  return query
}

/** The address of the page that shows it; of one of its photos above that page. */
export function addressOf({ q, not, conditions, similarTo, picture, sort }: Wanted, id?: string): string {
  const query: LocationQueryRaw = {
    ...(q && { q }),
    ...(not && { not }),
    ...(similarTo && { similarTo }),
    ...(picture && { picture }),
    ...conditionsQuery(conditions),
    ...(sort === 'date' && { sort }),
  }
  // As browsers write it, and as addresses are looked for in the page by selectors.
  const written = stringifyQuery(query).replaceAll("'", '%27')
  const path = id === undefined ? '/search' : `/search/photo/${id}`
  return written ? `${path}?${written}` : path
}

/** Whether nothing is searched for. */
export function isNothing(wanted: Wanted): boolean {
  return addressOf({ ...wanted, sort: 'relevance' }) === '/search'
}

export function isSame(a: Condition, b: Condition): boolean {
  return a.filter === b.filter && a.value === b.value && a.isNot === b.isNot
}

/** With a condition more; one that says the contrary is gone, and another first or last day. */
export function withCondition(wanted: Wanted, condition: Condition): Wanted {
  const isOne = condition.filter === 'from' || condition.filter === 'to' || condition.filter === 'minRating'
  const others = wanted.conditions.filter(({ filter, value }) => filter !== condition.filter || (!isOne && value !== condition.value))
  return { ...wanted, conditions: [...others, condition] }
}

export function withoutCondition(wanted: Wanted, condition: Condition): Wanted {
  return { ...wanted, conditions: wanted.conditions.filter((other) => !isSame(other, condition)) }
}

/** `q` without the characters from `begin` up to `end`, as the server counts them: whole ones, not halves of pairs. */
export function withoutWords(q: string, begin: number, end: number): string {
  const characters = [...q]
  const rest = [characters.slice(0, begin), characters.slice(end)].map((part) => part.join('').trim())
  return rest.filter(Boolean).join(' ')
}

export function wordsAt(q: string, begin: number, end: number): string {
  return [...q].slice(begin, end).join('')
}
