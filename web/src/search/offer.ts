import { shallowRef } from 'vue'
import { type Filters, filters } from './searchApi'

/** What there is to filter by, and whether pictures may be searched by; null until it was fetched. */
export const offer = shallowRef<Filters | null>(null)

let asking: Promise<Filters> | null = null

/** Fetches it once. Throws `Problem`. */
export function loadOffer(): Promise<Filters> {
  asking ??= filters().then((found) => (offer.value = found))
  asking.catch(() => (asking = null))
  return asking
}

/** Fetches it again: what is in the library has changed since. Throws `Problem`. */
export function reloadOffer(): Promise<Filters> {
  asking = null
  return loadOffer()
}
