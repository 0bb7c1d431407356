import { daysIn } from '../photos/days/monthDays'
import { dateName } from '../texts/formats'
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

/** The place of an entry among others, which may have come since; the first where it is not there. */
export function placeOf(entry: Entry | undefined, entries: readonly Entry[]): number {
  const isSame = ({ name, path, words }: Entry) => name === entry?.name && path === entry.path && words === entry.words
  return Math.max(0, entries.findIndex(isSame))
}

/** `5/6/2019`, `14.7.2019`. */
const IN_NUMBERS = /^(\d{1,2})([./-])(\d{1,2})\2(\d{4})$/

/** The queries that one may mean, of dates as people write them: both where it can't be told which number is the day. */
export function meanings(query: string, today: Date, { today: calledToday, yesterday }: { today: string; yesterday: string }): string[] {
  const text = plain(query.trim())
  const back = [calledToday, yesterday].findIndex((name) => plain(name) === text)
  if (back >= 0) return [new Date(today.getFullYear(), today.getMonth(), today.getDate() - back).toLocaleDateString('sv-SE')]
  const [, first, , second, year] = IN_NUMBERS.exec(text) ?? []
  if (!first || !second) return [query]
  const days = [[first, second], [second, first]].map(([day, month]) => `${year}-${month!.padStart(2, '0')}-${day!.padStart(2, '0')}`)
  return [...new Set(days)]
}

/** Months as the day of them that a query names, if it names one that they have. */
export function asNamed(entry: Entry, query: string): Entry {
  const day = entry.isMonth ? dayOf(query) : null
  if (!entry.month || day === null || day > daysIn(entry.month)) return entry
  return { ...entry, name: dateName(`${entry.month}-${String(day).padStart(2, '0')}`), hint: '', day }
}
