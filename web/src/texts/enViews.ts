import { numberName } from './formats'

function photos(count: number): string {
  return `${numberName(count)} ${count === 1 ? 'photo' : 'photos'}`
}

/** English, of years and months, and of the calendar. */
export const views = {
  label: 'Years, months or all photos',
  names: { years: 'Years', months: 'Months', timeline: 'All photos' },
  /** Where there is little room. */
  shortNames: { years: 'Years', months: 'Months', timeline: 'All' },
  photos,
  month: (name: string, count: number) => `${name}, ${photos(count)}`,
  /** `fullest`: the month with the most of them. */
  year: (name: string, count: number, fullest: string) => `${name}, ${photos(count)}, most of them in ${fullest}`,
}

export const days = {
  open: 'Go to a day',
  openHint: 'Go to a day (c)',
  year: 'Year',
  yearOf: (year: string, count: number) => `${year} (${numberName(count)})`,
  months: 'Month',
  month: (name: string, count: number) => (count === 0 ? `${name}, no photos` : `${name}, ${photos(count)}`),
  before: 'Month before',
  after: 'Month after',
  day: (name: string, count: number | null) =>
    count === null ? name : count === 0 ? `${name}, no photos` : `${name}, ${photos(count)}`,
  loading: 'Counting the photos of each day',
  notCounted: 'The photos of each day couldn’t be counted. A day still leads there.',
  close: 'Close',
}
