import { FIRST_YEAR, LONGEST_DESCRIPTION, LONGEST_KEYWORD, LONGEST_SHIFT_SECONDS, LONGEST_TITLE, MOST_AHEAD_MS, MOST_KEYWORDS } from '../api/constants'
import { texts } from '../texts/texts'
import type { Edit } from './changes'
import type { Edited } from './edited'
import type { Wrong } from './fieldErrors'
import { secondsOf, type Shift, shifted } from './typed'

type Values = NonNullable<Edit['set']>

/** What is wrong with words, by field, as the server would find. */
export function wrongWords(set: Values): Wrong<'title' | 'description' | 'keywords' | 'addKeywords' | 'removeKeywords'> {
  const { tooLong, both } = texts.edits.fields
  const wrong: ReturnType<typeof wrongWords> = {}
  if (lengthOf(set.title) > LONGEST_TITLE) wrong.title = tooLong(LONGEST_TITLE)
  if (lengthOf(set.description) > LONGEST_DESCRIPTION) wrong.description = tooLong(LONGEST_DESCRIPTION)
  for (const name of ['keywords', 'addKeywords', 'removeKeywords'] as const) {
    const keywords = wrongKeywords(set[name] ?? [])
    if (keywords) wrong[name] = keywords
  }
  const twice = set.removeKeywords?.find((keyword) => set.addKeywords?.includes(keyword))
  if (twice !== undefined) wrong.removeKeywords = both(twice)
  return wrong
}

function wrongKeywords(keywords: readonly string[]): string {
  const { keywordTooLong, tooManyKeywords } = texts.edits.fields
  if (keywords.some((keyword) => lengthOf(keyword) > LONGEST_KEYWORD)) return keywordTooLong(LONGEST_KEYWORD)
  return keywords.length > MOST_KEYWORDS ? tooManyKeywords(MOST_KEYWORDS) : ''
}

/** In characters, as the server counts them. */
function lengthOf(text: string | null | undefined): number {
  return text ? [...text].length : 0
}

/** What is wrong with a naive local time, at which no photo may have been taken; empty where one may. */
export function wrongTime(local: string): string {
  if (Number(local.slice(0, 4)) < FIRST_YEAR) return texts.edits.time.tooEarly(FIRST_YEAR)
  return Date.parse(`${local}Z`) > Date.now() + MOST_AHEAD_MS ? texts.edits.time.tooLate : ''
}

/** What is wrong with a shift of these photos; empty where nothing is, as far as is known here. */
export function wrongShift(shift: Shift, { newest, oldest }: Edited): string {
  if (!isWhole(shift)) return texts.edits.time.noWhole
  const seconds = secondsOf(shift)
  if (seconds === 0) return texts.edits.time.noShift
  if (Math.abs(seconds) > LONGEST_SHIFT_SECONDS) return texts.edits.time.impossible(FIRST_YEAR)
  for (const local of [newest, oldest]) {
    if (local === null) continue
    const to = shifted(local, seconds)
    const wrong = to === null ? texts.edits.time.impossible(FIRST_YEAR) : wrongTime(to)
    if (wrong) return wrong
  }
  return ''
}

/** Whether it is by whole numbers from 0 on; an empty field counts as 0. */
export function isWhole({ days, hours, minutes }: Shift): boolean {
  return [days, hours, minutes].every((part) => part === '' || (Number.isInteger(part) && part >= 0))
}
