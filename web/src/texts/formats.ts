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
    moment: format({ dateStyle: 'long', timeStyle: 'short' }),
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
