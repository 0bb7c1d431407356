/** The least that a card of a month is wide, in pixels. */
export const LEAST_OF_MONTH = 148

/** The same of a year: two beside each other on a phone. */
export function leastOfYear(): number {
  return window.innerWidth < 600 ? LEAST_OF_MONTH : 280
}
