import type { components } from '../api/schema'
import { bytesOf } from '../photos/base64'
import type { Columns } from '../photos/photoList'

type MonthPage = components['schemas']['MonthItems']
/** A page of items as the server tells them, of a month or of what was found. */
export type ItemsPage = Omit<MonthPage, 'month' | 'revision' | 'nextCursor'>

/** Items with their shapes. */
export type Items = { ratios: Uint8Array; columns: Columns }

/** Signatures are renewed this long before they run out. */
const SIGNATURE_MARGIN_S = 600

/** Signatures that run out at a moment, in seconds, can't be counted on any more. */
export function hasRunOut(expires: number): boolean {
  return expires < Date.now() / 1000 + SIGNATURE_MARGIN_S
}

/** By item; kept from a time before pages told of places, a page has none. */
function placeNames({ ids, places, placeNumbers }: Partial<Pick<ItemsPage, 'places' | 'placeNumbers'>> & ItemsPage): string[] {
  return ids.map((_, index) => places?.[(placeNumbers?.[index] ?? 0) - 1] ?? '')
}

/** The items of all pages, each once. */
export function joinedItems(pages: readonly ItemsPage[]): Items {
  const { keyId, thumbExpires, mediaBaseUrl } = pages[0]!
  const seen = new Set<string>()
  const kept = pages.map(({ ids }) => ids.map((id) => !seen.has(id) && seen.add(id)))
  function all<T>(column: (page: ItemsPage) => ArrayLike<T>): T[] {
    return pages.flatMap((page, number) => Array.from(column(page)).filter((_, index) => kept[number]![index]))
  }
  return {
    ratios: Uint8Array.from(all((page) => bytesOf(page.ratios))),
    columns: {
      keyId,
      thumbExpires,
      mediaBaseUrl,
      ids: all((page) => page.ids),
      kinds: all((page) => page.kinds),
      flags: all((page) => page.flags),
      durationsMs: all((page) => page.durationsMs),
      takenAtLocal: all((page) => page.takenAtLocal),
      thumbHashes: all((page) => page.thumbHashes),
      itemKeys: all((page) => page.itemKeys),
      versions: all((page) => page.versions),
      placeNames: all(placeNames),
      signatures: all((page) => page.signatures),
    },
  }
}
