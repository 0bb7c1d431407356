import { computed, nextTick, shallowRef, watch, type Ref } from 'vue'
import type { Place } from './photoList'
import { findMark, markOf, type Mark } from './scrollAnchor'
import type { GridLayout } from './gridLayout'
import type { useViewport } from './useViewport'

/** Space kept free around a photo that the arrow keys bring into view: the name of its day is seen too. */
const MARGIN = 32

const KEYS = /^(Arrow(Up|Down|Left|Right)|Home|End|Page(Up|Down))$/

/** One tab stop for the whole grid, arrow keys within it. The focused row stays rendered wherever the scroll goes. */
export function useGridKeys(
  grid: Readonly<Ref<HTMLElement | null>>,
  layout: Readonly<Ref<GridLayout>>,
  viewport: ReturnType<typeof useViewport>,
) {
  const focused = shallowRef<Mark | null>(null)
  const margin = viewport.covered + MARGIN

  const place = computed(() => focused.value && findMark(layout.value, focused.value))
  const active = computed(
    () => place.value ?? (layout.value.sections.length > 0 ? layout.value.itemAt(viewport.top.value + margin) : undefined),
  )

  // A tile whose item has come, or gone, is another element: what had the focus there hands it on.
  watch(
    layout,
    async () => {
      const held = focused.value
      if (!held) return
      await nextTick()
      if (document.activeElement !== document.body) return
      focused.value = held
      tileAt(place.value)?.focus({ preventScroll: true })
    },
    { flush: 'sync' },
  )

  function tabindex(position: number, index: number): 0 | -1 {
    return active.value?.position === position && active.value.index === index ? 0 : -1
  }

  function follow(event: FocusEvent): void {
    const tile = (event.target as Element).closest<HTMLElement>('[data-index]')
    const section = tile?.closest<HTMLElement>('[data-position]')
    if (tile && section) {
      focused.value = markOf(layout.value, {
        position: Number(section.dataset.position),
        index: Number(tile.dataset.index),
      })
    }
  }

  function release(event: FocusEvent): void {
    if (!grid.value?.contains(event.relatedTarget as Node | null)) focused.value = null
  }

  function tileAt(at: Place | null): HTMLElement | null | undefined {
    return at && grid.value?.querySelector<HTMLElement>(`[data-position="${at.position}"] [data-index="${at.index}"]`)
  }

  async function focus(at: Place): Promise<void> {
    const row = layout.value.rowBox(at.position, at.index)
    const top = viewport.top.value
    const height = viewport.height.value
    if (row.top < top + margin) viewport.scrollTo(row.top - margin)
    else if (row.top + row.height > top + height - margin) viewport.scrollTo(row.top + row.height - height + margin)
    await hold(at)
  }

  /** Focus where the scroll is, which the photo is in view of. */
  async function hold(at: Place): Promise<void> {
    focused.value = markOf(layout.value, at)
    await nextTick()
    tileAt(at)?.focus({ preventScroll: true })
  }

  /** The photo at the same side of the screen, about one screen away. */
  function byPage(from: Place, step: 1 | -1): Place {
    const { sections } = layout.value
    const page = viewport.height.value - 2 * margin
    const start = layout.value.rowBox(from.position, from.index).top
    let at = from
    for (;;) {
      const next = layout.value.itemVertically(at.position, at.index, step)
      if (!next) return step === 1 ? { position: sections.length - 1, index: sections.at(-1)!.ratios.length - 1 } : { position: 0, index: 0 }
      if (at !== from && Math.abs(layout.value.rowBox(next.position, next.index).top - start) > page) return at
      at = next
    }
  }

  function destination(from: Place, key: string): Place | null {
    const { sections } = layout.value
    if (key === 'Home') return { position: 0, index: 0 }
    if (key === 'End') return { position: sections.length - 1, index: sections.at(-1)!.ratios.length - 1 }
    if (key === 'PageUp') return byPage(from, -1)
    if (key === 'PageDown') return byPage(from, 1)
    if (key === 'ArrowUp') return layout.value.itemVertically(from.position, from.index, -1)
    if (key === 'ArrowDown') return layout.value.itemVertically(from.position, from.index, 1)
    const index = from.index + (key === 'ArrowRight' ? 1 : -1)
    if (index >= 0 && index < sections[from.position]!.ratios.length) return { ...from, index }
    const position = from.position + Math.sign(index - from.index)
    const section = sections[position]
    return section ? { position, index: index < 0 ? section.ratios.length - 1 : 0 } : null
  }

  /** `moved` hears from where to where a key has led. */
  function handle(event: KeyboardEvent, moved: (from: Place, to: Place) => void): void {
    if (!KEYS.test(event.key) || event.altKey || event.ctrlKey || event.metaKey || !place.value) return
    event.preventDefault()
    const next = destination(place.value, event.key)
    if (!next) return
    moved(place.value, next)
    void focus(next)
  }

  return { place, active, margin, tabindex, follow, release, focus, hold, handle }
}
