import { computed, nextTick, shallowRef, type Ref } from 'vue'
import type { Place } from './monthStore'
import type { TimelineLayout } from './timelineLayout'
import type { useViewport } from './useViewport'

/** Space kept free above and below a photo that the arrow keys bring into view. */
const MARGIN = 76

/** One tab stop for the whole grid, arrow keys within it. The focused row stays rendered wherever the scroll goes. */
export function useGridKeys(
  grid: Readonly<Ref<HTMLElement | null>>,
  layout: Readonly<Ref<TimelineLayout>>,
  viewport: ReturnType<typeof useViewport>,
) {
  const focused = shallowRef<Place | null>(null)

  const active = computed(() => {
    const place = focused.value
    if (place && place.index < (layout.value.sections[place.position]?.ratios.length ?? 0)) return place
    return layout.value.sections.length > 0 ? layout.value.itemAt(viewport.top.value + MARGIN) : undefined
  })

  function tabindex(position: number, index: number): 0 | -1 {
    return active.value?.position === position && active.value.index === index ? 0 : -1
  }

  function follow(event: FocusEvent): void {
    const tile = (event.target as Element).closest<HTMLElement>('[data-index]')
    const section = tile?.closest<HTMLElement>('[data-position]')
    if (tile && section) {
      focused.value = { position: Number(section.dataset.position), index: Number(tile.dataset.index) }
    }
  }

  function release(event: FocusEvent): void {
    if (!grid.value?.contains(event.relatedTarget as Node | null)) focused.value = null
  }

  async function focus(place: Place): Promise<void> {
    const row = layout.value.rowBox(place.position, place.index)
    const top = viewport.top.value
    const height = viewport.height.value
    if (row.top < top + MARGIN) viewport.scrollTo(row.top - MARGIN)
    else if (row.top + row.height > top + height - MARGIN) viewport.scrollTo(row.top + row.height - height + MARGIN)
    focused.value = place
    await nextTick()
    grid.value
      ?.querySelector<HTMLElement>(`[data-position="${place.position}"] [data-index="${place.index}"]`)
      ?.focus({ preventScroll: true })
  }

  function destination(place: Place, key: string): Place | null {
    const { sections } = layout.value
    if (key === 'ArrowUp') return layout.value.itemVertically(place.position, place.index, -1)
    if (key === 'ArrowDown') return layout.value.itemVertically(place.position, place.index, 1)
    const index = place.index + (key === 'ArrowRight' ? 1 : -1)
    if (index >= 0 && index < sections[place.position]!.ratios.length) return { ...place, index }
    const position = place.position + Math.sign(index - place.index)
    const section = sections[position]
    return section ? { position, index: index < 0 ? section.ratios.length - 1 : 0 } : null
  }

  function handle(event: KeyboardEvent): void {
    if (!/^Arrow(Up|Down|Left|Right)$/.test(event.key) || !focused.value) return
    event.preventDefault()
    const next = destination(focused.value, event.key)
    if (next) void focus(next)
  }

  return { active, tabindex, follow, release, focus, handle }
}
