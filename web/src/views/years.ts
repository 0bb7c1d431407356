import type { Section } from '../photos/photoList'

export type MonthCount = { key: string; count: number }
/** Months with photos, newest first. `key`: as `2019`. */
export type Year = { key: string; count: number; months: readonly MonthCount[] }

/** The years of a list of months, in its order. */
export function yearsOf(sections: readonly Section[]): Year[] {
  const years = new Map<string, { count: number; months: MonthCount[] }>()
  for (const { key, ratios } of sections) {
    const year = years.get(key.slice(0, 4)) ?? { count: 0, months: [] }
    year.count += ratios.length
    year.months.push({ key, count: ratios.length })
    years.set(key.slice(0, 4), year)
  }
  return [...years].map(([key, year]) => ({ key, ...year }))
}

/** The month with the most photos; the newer one of two. */
export function fullestOf({ months }: Year): MonthCount {
  return months.reduce((most, month) => (month.count > most.count ? month : most))
}

/** How much of the fullest month each month from January on has: 0 to 1, and something wherever there is a photo. */
export function densityOf(year: Year): number[] {
  const most = fullestOf(year).count
  const counts = new Map(year.months.map(({ key, count }) => [Number(key.slice(5)), count]))
  return Array.from({ length: 12 }, (_, month) => {
    const count = counts.get(month + 1) ?? 0
    return count === 0 ? 0 : Math.max(0.08, count / most)
  })
}
