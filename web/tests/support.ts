import type { Columns, Section } from '../src/photos/photoList'
import type { MonthPage, Timeline } from '../src/lists/monthStore'

let seed = 1
/** The same numbers in every run, 0 to 1. */
export function random(): number {
  seed = (seed * 48271) % 0x7fffffff
  return seed / 0x7fffffff
}

export function codeOf(ratio: number): number {
  return Math.min(255, Math.max(0, Math.round(50 * Math.log2(ratio)) + 128))
}

/** Ratio codes of photos as people take them, with a panorama and a long screenshot here and there. */
export function codes(count: number): Uint8Array {
  const usual = [3 / 2, 4 / 3, 3 / 4, 2 / 3, 1, 16 / 9, 9 / 16, 9 / 21, 5.5]
  return Uint8Array.from({ length: count }, () => codeOf(usual[Math.floor(random() * usual.length)]!))
}

export function sectionOf(key: string, ratios: Uint8Array, columns: Columns | null = null): Section {
  return { key, ratios, columns }
}

export function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
}

export function inAWeek(): number {
  return Math.floor(Date.now() / 1000) + 7 * 86_400
}

type Page = MonthPage & Pick<Columns, 'placeNames'>

/** A page of a month, which may stand for its columns too. */
export function monthPage(month: string, ids: string[], more: Partial<Page> = {}): Page {
  return {
    month,
    revision: 1,
    ids,
    ratios: base64(Uint8Array.from(ids, () => 157)),
    kinds: ids.map(() => 'photo'),
    flags: ids.map(() => 0),
    durationsMs: ids.map(() => 0),
    takenAtLocal: ids.map(() => `${month}-15T12:00:00`),
    thumbHashes: ids.map(() => ''),
    itemKeys: ids.map((id) => `key-of-${id}`),
    versions: ids.map(() => 1),
    places: [],
    placeNumbers: ids.map(() => 0),
    placeNames: ids.map(() => ''),
    signatures: ids.map((id) => `signature-of-${id}`),
    keyId: 'k1',
    thumbExpires: inAWeek(),
    mediaBaseUrl: '',
    nextCursor: null,
    ...more,
  }
}

export function timelineOf(pages: MonthPage[]): Timeline {
  return {
    revision: pages.reduce((sum, page) => sum + page.revision, 0),
    asOf: '2026-07-14T12:00:00.000001Z',
    months: pages.map(({ month, revision, ids, ratios }) => ({ month, revision, count: ids.length, ratios })),
  }
}
