import { nextTick, shallowRef, type Ref } from 'vue'
import { isWriting } from '../app/fields'
import { keptPlace, useKeptPlace } from '../photos/keptPlace'
import { cardFrom, type Groups } from './cardKeys'
import { useZoom } from './zoom'

const KEYS = /^(Arrow(Up|Down|Left|Right)|Home|End|Page(Up|Down))$/

/** Pixels of a card that is looked at. */
const LEAST_SEEN = 40

/**
 * Cards with one tab stop, arrow keys among them, and a place that is kept. `home`: the address of their page. `show` has
 * the card of a key rendered. A card is an element with its key as `data-key`.
 */
export function useCardKeys(
  root: Readonly<Ref<HTMLElement | null>>,
  home: string,
  groups: () => Groups,
  columns: () => number,
  show: (key: string) => void,
) {
  const active = shallowRef<string | null>(null)
  const covered = parseFloat(getComputedStyle(document.documentElement).getPropertyValue('--header'))

  function cards(): HTMLElement[] {
    return [...(root.value?.querySelectorAll<HTMLElement>('[data-key]') ?? [])]
  }

  function cardOf(key: string | null): HTMLElement | undefined {
    return cards().find(({ dataset }) => dataset.key === key)
  }

  function isSeen(card: HTMLElement): boolean {
    const { top, bottom } = card.getBoundingClientRect()
    return bottom > covered + LEAST_SEEN && top < window.innerHeight - LEAST_SEEN
  }

  /** The card that is looked at: the one that was chosen last, or the first that is seen. */
  function here(): HTMLElement | undefined {
    const last = cardOf(active.value)
    return last && isSeen(last) ? last : cards().find(isSeen)
  }

  function anchor() {
    const card = here()
    return card ? { key: card.dataset.key!, index: 0, id: undefined, offset: card.getBoundingClientRect().top } : null
  }

  let kept = keptPlace(home)
  useKeptPlace(home, anchor)
  let wished = useZoom(() => here()?.dataset.key ?? null)

  /** Leads to where one comes from, or to where one was; the newest card of what is wished, or of what comes before it. */
  async function arrive(): Promise<void> {
    const all = groups().flat()
    const to = kept?.key ?? wished
    const key = to && (all.find((one) => one.startsWith(to) || to.startsWith(one)) ?? all.find((one) => one < to) ?? all.at(-1))
    const offset = kept?.key === key ? kept?.offset : undefined
    kept = wished = null
    if (!key) return
    active.value = key
    show(key)
    await nextTick()
    const card = cardOf(key)
    if (!card) return
    if (offset === undefined) card.scrollIntoView({ block: 'center', behavior: 'instant' })
    else window.scrollBy({ top: card.getBoundingClientRect().top - offset, behavior: 'instant' })
    if (!isWriting()) card.focus({ preventScroll: true })
  }

  function tabindex(key: string): 0 | -1 {
    return key === (active.value ?? groups()[0]?.[0]) ? 0 : -1
  }

  function follow(event: FocusEvent): void {
    const card = (event.target as Element).closest<HTMLElement>('[data-key]')
    if (card) active.value = card.dataset.key!
  }

  async function handle(event: KeyboardEvent): Promise<void> {
    if (!KEYS.test(event.key) || event.altKey || event.ctrlKey || event.metaKey || active.value === null) return
    event.preventDefault()
    const next = cardFrom(groups(), columns(), active.value, event.key)
    if (next === null) return
    active.value = next
    show(next)
    await nextTick()
    cardOf(next)?.focus()
  }

  return { active, arrive, tabindex, follow, handle }
}
