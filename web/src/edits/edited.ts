import type { ItemDetails } from '../photos/itemDetails'
import type { Edit } from './changes'

export type Kind = 'date' | 'place' | 'words'

/** The photos that a dialog is for. */
export type Edited = {
  count: number
  /** Everything of each, where they are few: what they have in common is shown then. */
  known: readonly ItemDetails[] | null
  /** When the newest and the oldest were taken, as wall clocks said; null while it isn't known. */
  newest: string | null
  oldest: string | null
}

/** Writes it. Throws `Problem`: what was typed stays then. */
export type Save = (edit: Edit) => Promise<void>

/** What is the same for all; `undefined` where they differ, or are too many to know. */
export function common<T>({ known }: Edited, of: (details: ItemDetails) => T): T | undefined {
  if (!known?.length) return undefined
  const [first, ...others] = known.map(of)
  const isSame = others.every((other) => JSON.stringify(other) === JSON.stringify(first))
  return isSame ? first : undefined
}

/** Whether some of them may be otherwise than their files say, so that it can go back to that. */
export function canReset({ known }: Edited, statement: NonNullable<Edit['reset']>[number]): boolean {
  return known === null || known.some(({ saidByPerson }) => saidByPerson.includes(statement))
}

/** Whether an edit asks for nothing. */
export function isEmpty({ set = {}, reset = [] }: Edit): boolean {
  return Object.keys(set).length === 0 && reset.length === 0
}
