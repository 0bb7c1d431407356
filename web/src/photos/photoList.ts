import type { components } from '../api/schema'

type MonthItems = components['schemas']['MonthItems']

/** What is known of items, as parallel arrays, and what signs their addresses. */
export type Columns = Omit<MonthItems, 'month' | 'revision' | 'ratios' | 'nextCursor' | 'places' | 'placeNumbers'> & {
  /** Where each was taken: `Naples, Italy`; empty where that is not known. */
  placeNames: string[]
}

/**
 * Photos under one heading, as they are laid out. Never changed in place: what has changed is another section. The
 * columns are null until they were fetched, and may hold only the first items while a long section is being read.
 */
export type Section = {
  readonly key: string
  readonly ratios: Uint8Array
  readonly columns: Columns | null
}

export type Place = { position: number; index: number }

export type ListName = 'timeline' | 'favourites' | 'archive' | 'trash' | 'recent' | 'folder'

/** Photos in sections, whatever they are listed for: what the grid lays out, and the viewer turns through. */
export interface PhotoList {
  /** In their order; reactive. */
  readonly sections: readonly Section[]
  /**
   * By what the server knows the list: with `asOf`, all of it can be edited in one call. Null where it knows none: of what
   * was searched for, each photo is named.
   */
  readonly query: { readonly name: ListName; readonly path?: string } | null
  /** When the list was as its sections say, by the server's clock. */
  readonly asOf: string
  /** Whether it is ordered by when photos were taken, so that each day has a beginning. */
  readonly isByDay: boolean
  /** Address of the page that shows the list. */
  readonly home: string
  /** Address of one of its photos, in the viewer above that page. */
  pathOf(id: string): string
  /** The heading of a section. */
  titleOf(section: Section): string
  /** What the scrubber writes beside the first of the sections that have it in common: of months, the year. */
  groupOf(section: Section): string
  /** Why a photo is in the list, in words; where there is something to say. */
  whyOf?(id: string): string
  /** Says which sections are on the screen or close to it, the nearest first. */
  near(keys: string[]): void
  /** Says which sections the viewer shows or may turn to next, wherever the screen is; none once it is closed. */
  view(keys: string[]): void
  /** Has the items of a section. Throws `Problem`. */
  load(key: string): Promise<unknown>
  /** Has the items of the section that holds an item, if it is in the list. Throws `Problem`. */
  find(id: string): Promise<unknown>
}

/** Where an item lies among the items that are here. */
export function locate(sections: readonly Section[], id: string): Place | null {
  for (const [position, section] of sections.entries()) {
    const index = section.columns?.ids.indexOf(id) ?? -1
    if (index >= 0) return { position, index }
  }
  return null
}

/** The next (1) or the previous (-1) item in the order of the list; null at either end. */
export function neighbour(sections: readonly Section[], place: Place, step: 1 | -1): Place | null {
  const index = place.index + step
  if (index >= 0 && index < (sections[place.position]?.ratios.length ?? 0)) return { ...place, index }
  const position = place.position + step
  const section = sections[position]
  return section ? { position, index: step === 1 ? 0 : section.ratios.length - 1 } : null
}

/** The columns that hold an item of a section; null while it is not here. */
export function columnsAt({ columns }: Section, index: number): Columns | null {
  return columns && index < columns.ids.length ? columns : null
}
