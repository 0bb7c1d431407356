import { shallowRef } from 'vue'
import { answer, api } from '../api/client'
import type { components } from '../api/schema'

export type ItemDetails = components['schemas']['ItemDetails']

/** The address of the original is renewed this long before it runs out. */
const MARGIN_MS = 60_000
const MOST_KEPT = 50

const kept = new Map<string, ItemDetails>()

/** Everything known of an item, with an address of its original that still holds for a while. */
export async function itemDetails(item_id: string): Promise<ItemDetails> {
  const known = kept.get(item_id)
  if (known && Date.parse(known.original.expiresAt) > Date.now() + MARGIN_MS) return known
  const asked = timesForgotten.value
  const details = await answer(api.GET('/items/{item_id}', { params: { path: { item_id } } }))
  // What is forgotten meanwhile is this answer too: whoever shows it would show what was before.
  if (asked !== timesForgotten.value) return itemDetails(item_id)
  if (kept.size >= MOST_KEPT) kept.clear()
  if (!isToCome(details)) kept.set(item_id, details)
  return details
}

/** How often what was known may have ceased to hold, by what was done on this page: reason to ask again. */
export const timesForgotten = shallowRef(0)

/** Items were changed: what is known of them may not hold any more. */
export function forgetDetails(): void {
  kept.clear()
  timesForgotten.value += 1
}

/** Whether models will tell more of it, sooner or later. */
export function isToCome({ analysis }: ItemDetails): boolean {
  return analysis !== null && (analysis.state === 'waiting' || analysis.captionWaits)
}
