import { computed } from 'vue'
import { language } from './language'

const asUtc = { timeZone: 'UTC' } as const
const dates = computed(() => {
  const format = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(language.value, { ...options, ...asUtc })
  return {
    month: format({ month: 'long', year: 'numeric' }),
    monthOfYear: format({ month: 'long' }),
    shortMonth: format({ month: 'short' }),
    weekday: format({ weekday: 'short' }),
    longWeekday: format({ weekday: 'long' }),
    date: format({ dateStyle: 'full' }),
    day: format({ weekday: 'short', day: 'numeric', month: 'short' }),
    shortDay: format({ weekday: 'short', day: 'numeric' }),
    dayOfYear: format({ dateStyle: 'medium' }),
    dayOfAnyYear: format({ day: 'numeric', month: 'long' }),
    year: format({ year: 'numeric' }),
    moment: format({ dateStyle: 'long', timeStyle: 'short' }),
    instant: new Intl.DateTimeFormat(language.value, { dateStyle: 'medium', timeStyle: 'short' }),
    dayOfInstant: new Intl.DateTimeFormat(language.value, { dateStyle: 'medium' }),
    ago: new Intl.RelativeTimeFormat(language.value, { numeric: 'auto' }),
  }
})

/** `2024-07` as people write it. */
export function monthName(month: string): string {
  return dates.value.month.format(wallClock(`${month}-01T00:00:00`))
}

/** `2024-07` beneath its year. */
export function monthOfYear(month: string, isShort = false): string {
  const { monthOfYear, shortMonth } = dates.value
  return (isShort ? shortMonth : monthOfYear).format(wallClock(`${month}-01T00:00:00`))
}

/** `2024-07-14`, all of it. */
export function dateName(day: string): string {
  return dates.value.date.format(wallClock(`${day}T00:00:00`))
}

/** `2024-07-14`, short. What is no day stays as it is. */
export function dayOfYear(day: string): string {
  return isDay(day) ? dates.value.dayOfYear.format(wallClock(`${day}T00:00:00`)) : day
}

function isDay(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(wallClock(`${text}T00:00:00`).getTime())
}

/**
 * Days as a search tells them: `2024-07-14`, `2024-07-01..2024-07-31`, or of every year `--12-24..--12-26`; whole months and
 * years by their names. What is none of these stays as it is.
 */
export function daysName(days: string): string {
  const isYearly = days.startsWith('--')
  const [first = '', last = first] = days.split('..').map((day) => (isYearly ? day.replace('--', '2024-') : day))
  if (!isDay(first) || !isDay(last)) return days
  const [from, to] = [wallClock(`${first}T00:00:00`), wallClock(`${last}T00:00:00`)]
  const { dayOfAnyYear, dayOfYear, month, year } = dates.value
  if (isYearly) return dayOfAnyYear.formatRange(from, to)
  if (/^(\d{4})-01-01\.\.\1-12-31$/.test(days)) return year.format(from)
  const isMonth = first.slice(0, 7) === last.slice(0, 7) && first.endsWith('-01') && new Date(to.getTime() + 86_400_000).getUTCDate() === 1
  return isMonth ? month.format(from) : dayOfYear.formatRange(from, to)
}

/** Of a day of the week, from 0 for Monday on. */
export function weekdayName(weekday: number, isShort: boolean): string {
  const { weekday: short, longWeekday } = dates.value
  return (isShort ? short : longWeekday).format(wallClock(`2024-01-0${weekday + 1}T00:00:00`))
}

/** A day of the month that a heading above names: without that where there is little room. */
export function dayName(takenAtLocal: string, isShort: boolean): string {
  const { day, shortDay } = dates.value
  return (isShort ? shortDay : day).format(wallClock(takenAtLocal))
}

export function momentName(takenAtLocal: string): string {
  return dates.value.moment.format(wallClock(takenAtLocal))
}

/** A moment of the server's, with its zone, by the clock of whoever reads. */
export function instantName(moment: string): string {
  return dates.value.instant.format(new Date(moment))
}

/** The day of a moment of the server's, where whoever reads is. */
export function instantDay(moment: string): string {
  return dates.value.dayOfInstant.format(new Date(moment))
}

const spans = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
] as const

/** How long ago a moment of the server's was: `3 hours ago`; less than a minute is this minute. */
export function agoName(moment: string, now = Date.now()): string {
  const seconds = Math.max(0, (now - Date.parse(moment)) / 1000)
  const [unit, length] = spans.find(([, length]) => seconds >= length) ?? spans[2]
  return dates.value.ago.format(-Math.floor(seconds / length), unit)
}

/** So many seconds in one unit: `3 hours`. Rounded up: nobody waits longer than they were told. */
export function spanName(seconds: number): string {
  const [unit, length] = spans.find(([, length]) => seconds >= length) ?? (['second', 1] as const)
  return Math.ceil(seconds / length).toLocaleString(language.value, { style: 'unit', unit, unitDisplay: 'long' })
}

/** `2024-07-14`, where the viewer is: for names of files. */
export function fileDate(moment: Date): string {
  return moment.toLocaleDateString('sv-SE')
}

/** A naive local time, shown as it is wherever the viewer may be: read and written as if it were UTC. */
function wallClock(local: string): Date {
  return new Date(`${local.replace(/Z$/, '')}Z`)
}

export function durationName(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000)
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  if (parts[0] === 0) parts.shift()
  return parts.map((part, place) => (place === 0 ? String(part) : String(part).padStart(2, '0'))).join(':')
}

/** Where a video is: `1:05`, of seconds. */
export function clockName(seconds: number): string {
  return durationName(Math.floor(seconds) * 1000)
}

/** With so many decimals at most. */
export function numberName(number: number, decimals = 0): string {
  return number.toLocaleString(language.value, { maximumFractionDigits: decimals })
}

const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte']

export function sizeName(bytes: number): string {
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3))
  const value = bytes / 1000 ** power
  return value.toLocaleString(language.value, {
    style: 'unit',
    unit: units[power],
    unitDisplay: power === 0 ? 'long' : 'short',
    maximumFractionDigits: power > 1 && value < 100 ? 1 : 0,
  })
}
