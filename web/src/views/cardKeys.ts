/** Cards by what they stand for, in groups that begin a row each. */
export type Groups = readonly (readonly string[])[]

/** The card that a key leads to from another one, where each row has so many; null: to none. */
export function cardFrom(groups: Groups, columns: number, from: string, key: string): string | null {
  const group = groups.findIndex((cards) => cards.includes(from))
  const cards = groups[group]
  if (!cards) return null
  const place = cards.indexOf(from)
  const all = groups.flat()
  if (key === 'Home') return all[0]!
  if (key === 'End') return all.at(-1)!
  if (key === 'ArrowLeft' || key === 'ArrowRight') return all[all.indexOf(from) + (key === 'ArrowRight' ? 1 : -1)] ?? null
  if (key === 'PageUp' || key === 'PageDown') return groups[group + (key === 'PageDown' ? 1 : -1)]?.[0] ?? null
  const column = place % columns
  const row = place - column
  if (key === 'ArrowUp') {
    if (row > 0) return cards[place - columns]!
    const above = groups[group - 1]
    if (!above) return null
    const lastRow = above.length - 1 - ((above.length - 1) % columns)
    return above[Math.min(lastRow + column, above.length - 1)]!
  }
  if (row + columns < cards.length) return cards[Math.min(place + columns, cards.length - 1)]!
  const below = groups[group + 1]
  return below ? below[Math.min(column, below.length - 1)]! : null
}
