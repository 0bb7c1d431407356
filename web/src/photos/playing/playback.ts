import { answer, api } from '../../api/client'
import type { components } from '../../api/schema'

export type Playback = components['schemas']['ItemPlayback']
export type Source = NonNullable<Playback['source']>

/** An address is renewed this long before it runs out. */
const MARGIN_MS = 60_000
const MOST_KEPT = 50

const kept = new Map<string, Playback>()

/** What there is to play of an item: of a video itself, of a photo that moves its clip. Throws `Problem`. */
export async function playback(item_id: string): Promise<Playback> {
  const known = kept.get(item_id)
  if (known && Date.parse(known.source!.expiresAt) > Date.now() + MARGIN_MS) return known
  return freshPlayback(item_id)
}

/** The same, with an address that was made just now. */
export async function freshPlayback(item_id: string): Promise<Playback> {
  const told = await answer(api.GET('/items/{item_id}/playback', { params: { path: { item_id } } }))
  if (kept.size >= MOST_KEPT) kept.clear()
  if (told.source) kept.set(item_id, told)
  else kept.delete(item_id)
  return told
}
