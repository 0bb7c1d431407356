import { numberName } from './formats'

export function photos(count: number): string {
  return `${numberName(count)} ${count === 1 ? 'photo' : 'photos'}`
}

/** English, of choosing photos. */
export const selection = {
  bar: 'What is selected',
  /** Of a photo's name. */
  chosen: (name: string) => `${name}, selected`,
  choose: (name: string) => `Select ${name}`,
  chooseThis: 'Select this photo',
  chooseThisHint: 'Select (x)',
  unknown: 'photo',
  section: (name: string) => `Select all of ${name}`,
  count: (count: number) => `${numberName(count)} selected`,
  clear: 'Clear the selection',
  clearHint: 'Clear (Esc)',
  look: (name: string) => `Open ${name}`,
  lookHint: 'Open',
  allGone: 'What you had selected isn’t in this list any more.',
  keepsChanging: 'The list changes all the time. Try again in a moment.',
}
