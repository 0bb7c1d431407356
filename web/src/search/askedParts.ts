import { daysName, dayOfYear } from '../texts/formats'
import { texts } from '../texts/texts'
import type { IconName } from '../ui/Icon.vue'
import type { Found } from './searchApi'
import { type Condition, type Wanted, withoutCondition, withoutWords, wordsAt } from './wanted'

/** A part of what is searched for beside its words, and what is searched for without it. */
export type AskedPart = {
  key: string
  text: string
  icon: IconName
  /** What it does to take it off. */
  label: string
  rest: Wanted
}

const icons: Record<Condition['filter'], IconName> = {
  from: 'calendar',
  to: 'calendar',
  on: 'calendar',
  kind: 'film',
  country: 'pin',
  place: 'pin',
  camera: 'camera',
  favourite: 'heart',
  minRating: 'star',
}

export function conditionName({ filter, value, isNot }: Condition): string {
  const name = {
    from: () => texts.search.fromDay(dayOfYear(value)),
    to: () => texts.search.toDay(dayOfYear(value)),
    on: () => daysName(value),
    kind: () => texts.search.kind[value] ?? value,
    country: () => value,
    place: () => value,
    camera: () => value,
    favourite: () => texts.search.favourite[value] ?? value,
    minRating: () => texts.search.leastStars(Number(value)),
  }[filter]()
  return isNot ? texts.search.isNot(name) : name
}

/** Everything that a click takes off: what was set, and the words that were understood as something else than words. */
export function askedParts(wanted: Wanted, understood: Found['understood']): AskedPart[] {
  const takeOff = (text: string) => ({ text, label: texts.search.takeOff(text) })
  return [
    ...understood.map(({ begin, end, values }) => {
      const words = wordsAt(wanted.q, begin, end)
      const meaning = values.map(daysName).join(', ')
      return {
        key: `words ${begin}`,
        text: meaning,
        icon: 'calendar' as const,
        label: texts.search.understoodAs(words, meaning),
        rest: { ...wanted, q: withoutWords(wanted.q, begin, end) },
      }
    }),
    ...wanted.conditions.map((condition) => ({
      key: `${condition.filter} ${condition.isNot} ${condition.value}`,
      ...takeOff(conditionName(condition)),
      icon: icons[condition.filter],
      rest: withoutCondition(wanted, condition),
    })),
    ...(wanted.not
      ? [{ key: 'not', ...takeOff(texts.search.without(wanted.not)), icon: 'close' as const, rest: { ...wanted, not: '' } }]
      : []),
  ]
}

/** What may be taken off to find more, for who has found nothing; none where there is but one thing. */
export function looser(wanted: Wanted, understood: Found['understood']): AskedPart[] {
  const { q, similarTo, picture } = wanted
  const part = (key: string, text: string, rest: Wanted): AskedPart => ({ key, text, icon: 'text', label: texts.search.takeOff(text), rest })
  const parts = askedParts(wanted, understood)
  const isAlone = parts.length === 0 && !similarTo && !picture
  return [
    ...parts,
    ...(q.includes('"') ? [part('quotes', texts.search.quotes, { ...wanted, q: q.replaceAll('"', '') })] : []),
    ...(q.trim() && !isAlone ? [part('words', texts.search.words(q), { ...wanted, q: '' })] : []),
  ]
}
