import { ref } from 'vue'

const KEY = 'pinhole.letterKeys'

/** Whether keys without Ctrl do something on pages: who speaks to the computer may want none of them. */
export const letterKeys = ref(localStorage.getItem(KEY) !== 'off')

export function chooseLetterKeys(on: boolean): void {
  letterKeys.value = on
  if (on) localStorage.removeItem(KEY)
  else localStorage.setItem(KEY, 'off')
}

/** Whether it is a key that is turned off: one that writes a character, alone. */
export function isUnwanted({ key }: KeyboardEvent): boolean {
  return !letterKeys.value && key.length === 1 && key !== ' '
}
