import type { Section } from '../photoList'

/** What is known of the days of a month. `days`: by the day of the month, how many photos and the index of the first. */
export type MonthDays = {
  days: ReadonlyMap<number, { count: number; first: number }>
  /** The first day of which all is known: there may be more photos before it. 1 of a month that is all here. */
  knownFrom: number
}

/** What there is of the days of a section, which may not be here, or not all of it. */
export function monthDays({ columns, ratios }: Section): MonthDays {
  const days = new Map<number, { count: number; first: number }>()
  columns?.takenAtLocal.forEach((taken, index) => {
    const day = Number(taken.slice(8, 10))
    const before = days.get(day)
    days.set(day, { count: (before?.count ?? 0) + 1, first: before?.first ?? index })
  })
  if (columns?.ids.length === ratios.length) return { days, knownFrom: 1 }
  // The newest come first: what is not here yet is of the last day that is, or older.
  return { days, knownFrom: columns?.takenAtLocal.length ? Number(columns.takenAtLocal.at(-1)!.slice(8, 10)) + 1 : 32 }
}

/** How many photos a day has; null while that is not known. */
export function countOf({ days, knownFrom }: MonthDays, day: number): number | null {
  return day < knownFrom ? null : (days.get(day)?.count ?? 0)
}

/**
 * The index of the first photo of a day; of the next older one, or else of the next newer one, where it has none. Null while
 * nothing is known.
 */
export function firstOf({ days }: MonthDays, day: number): number | null {
  const known = [...days.keys()]
  const older = known.filter((other) => other <= day)
  if (known.length === 0) return null
  return days.get(older.length > 0 ? Math.max(...older) : Math.min(...known))!.first
}

export function daysIn(month: string): number {
  const [year, number] = month.split('-').map(Number)
  return new Date(Date.UTC(year!, number!, 0)).getUTCDate()
}

/** 0 for Monday to 6. */
export function weekdayOf(month: string, day: number): number {
  return (new Date(`${month}-${String(day).padStart(2, '0')}T00:00:00Z`).getUTCDay() + 6) % 7
}

/** The weeks of a month from its first day on, as days of the month; null: of another month. `first`: the weekday that weeks begin with. */
export function weeksOf(month: string, first: number): (number | null)[][] {
  const blank = (weekdayOf(month, 1) - first + 7) % 7
  const cells = [...Array<null>(blank).fill(null), ...Array.from({ length: daysIn(month) }, (_, day) => day + 1)]
  while (cells.length % 7 > 0) cells.push(null)
  return Array.from({ length: cells.length / 7 }, (_, week) => cells.slice(week * 7, week * 7 + 7))
}

/** By which weekday weeks begin in a language: 0 for Monday. */
export function firstWeekday(language: string): number {
  const locale = new Intl.Locale(language) as Intl.Locale & { getWeekInfo?(): { firstDay: number }; weekInfo?: { firstDay: number } }
  return ((locale.getWeekInfo?.() ?? locale.weekInfo)?.firstDay ?? 1) - 1
}
