import type { Entry } from './sources'

/** `2024-07-14`: of which the month is sought. */
const DAY = /\b(\d{4}-\d{2})-\d{1,2}\b/
/** `14`, `14.`, `14th`, beside the name of a month. */
const DAY_OF_MONTH = /^\d{1,2}(st|nd|rd|th|\.)?$/

/** The day of the month that a query names, if any: `2024-07-14`, `14 July 2024`. */
export function dayOf(query: string): number | null {
  const named = /\b\d{4}-\d{2}-(\d{1,2})\b/.exec(query)?.[1] ?? wordsOf(query).find((word) => DAY_OF_MONTH.test(word))
  const day = named === undefined ? 0 : parseInt(named)
  return day >= 1 && day <= 31 ? day : null
}

/** Small letters without accents, so that `cafe` finds `Café`. */
function plain(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()
}

function wordsOf(text: string): string[] {
  return plain(text).split(/[\s,_/]+/).filter(Boolean)
}

/** The entries with words that begin as those of the query do, all of them; those whose name begins so come first. */
export function search(entries: readonly Entry[], query: string): Entry[] {
  const sought = wordsOf(query.replace(DAY, '$1'))
  const found = entries.filter((entry) => {
    const words = wordsOf(entry.words)
    const wanted = entry.month && sought.length > 1 ? sought.filter((word) => !DAY_OF_MONTH.test(word)) : sought
    return wanted.length > 0 && wanted.every((part) => words.some((word) => word.startsWith(part)))
  })
  const isFirst = ({ name }: Entry) => plain(name).startsWith(plain(query.trim()))
  return [...found.filter(isFirst), ...found.filter((entry) => !isFirst(entry))]
}
