import { shallowRef } from 'vue'
import { asking } from '../queue'
import { type Filters, filters } from './searchApi'

/** What there is to filter by, and whether pictures may be searched by; null until it was fetched. */
export const offer = shallowRef<Filters | null>(null)

const ask = asking(async () => (offer.value = await filters()))
let asked: Promise<Filters> | null = null

/** Fetches it once. Throws `Problem`. */
export function loadOffer(): Promise<Filters> {
  asked ??= ask()
  asked.catch(() => (asked = null))
  return asked
}

/** Fetches it again: what is in the library has changed since. Throws `Problem`. */
export function reloadOffer(): Promise<Filters> {
  asked = null
  return loadOffer()
}
