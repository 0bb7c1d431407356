import { computed, onBeforeUnmount, onDeactivated, type Ref } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import type { GridLayout } from '../photos/gridLayout'
import type { PhotoList, Place } from '../photos/photoList'
import type { useGridKeys } from '../photos/useGridKeys'
import type { useViewport } from '../photos/useViewport'
import { selectionOf } from './listSelection'
import { useSelectionKeys } from './useSelectionKeys'
import { useSweep } from './useSweep'

/** Choosing photos of a grid, by mouse, finger and keys; and opening them, which the same click may be for. */
export function useGridSelection(
  list: () => PhotoList,
  grid: Readonly<Ref<HTMLElement | null>>,
  layout: Readonly<Ref<GridLayout>>,
  viewport: ReturnType<typeof useViewport>,
  keys: ReturnType<typeof useGridKeys>,
) {
  const route = useRoute()
  const router = useRouter()
  const selection = computed(() => selectionOf(list()))
  const sweep = useSweep(grid, layout, viewport, selection)
  const selectionKeys = useSelectionKeys(list, selection, () => route.meta.isViewer === true)

  const leave = () => selection.value.clear()
  onBeforeUnmount(leave)
  onDeactivated(leave)

  function open(href: string | null | undefined): void {
    if (href) router.push(href).catch(() => {}) // The router tells of it.
  }

  /** The place of what was clicked: of a photo, or of its check. */
  function placeOf(target: Element): Place | null {
    const one = target.closest<HTMLElement>('[data-index], [data-check]')
    const section = one?.closest<HTMLElement>('[data-position]')
    if (!one || !section) return null
    return { position: Number(section.dataset.position), index: Number(one.dataset.index ?? one.dataset.check) }
  }

  function click(event: MouseEvent): void {
    const target = event.target as Element
    if (sweep.endsSweep()) return event.preventDefault()
    const look = target.closest<HTMLElement>('[data-look]')
    if (look) return open(look.dataset.look)
    const place = placeOf(target)
    if (!place || event.metaKey || event.ctrlKey || event.altKey) return
    const link = target.closest('a')
    if (link) event.preventDefault()
    if (event.shiftKey) selection.value.extendTo(place, place)
    // Keys, and those who read the screen to others, click without a mouse: for them there is the check.
    else if (!link || (selection.value.isActive && event.detail > 0)) selection.value.toggle(place)
    else return open(link.getAttribute('href'))
    void keys.hold(place)
  }

  /** The focus stays on a photo, and a click with Shift marks no text. */
  function mousedown(event: MouseEvent): void {
    const target = event.target as Element
    if (target.closest('[data-check]') || (event.shiftKey && target.closest('[data-index]'))) event.preventDefault()
  }

  /** Whether one would say that a photo is on the screen: at least half of its row is. */
  function isSeen({ position, index }: Place): boolean {
    const { top, height } = layout.value.rowBox(position, index)
    const from = viewport.top.value + viewport.covered
    const to = viewport.top.value + viewport.height.value
    return 2 * (Math.min(top + height, to) - Math.max(top, from)) >= Math.min(height, to - from)
  }

  /** Which photo a key is for: what has the focus may lie far from what is seen, and is not what anybody means then. */
  function meantBy(focused: Place): Place {
    if (isSeen(focused)) return focused
    const hovered = grid.value?.querySelector(':is([data-index], [data-check]):hover')
    const beneathMouse = hovered && placeOf(hovered)
    if (beneathMouse) return beneathMouse
    const first = layout.value.itemAt(viewport.top.value + viewport.covered)
    return isSeen(first) ? first : (layout.value.itemVertically(first.position, first.index, 1) ?? first)
  }

  function keydown(event: KeyboardEvent): void {
    const place = keys.place.value
    const isOnPhoto = (event.target as Element).matches('[data-index]')
    const meant = isOnPhoto && place ? meantBy(place) : null
    if (meant && selectionKeys.handle(event, meant)) {
      if (meant !== place) void keys.hold(meant)
      return
    }
    keys.handle(event, (from, to) => event.shiftKey && selection.value.extendTo(to, from))
  }

  return { selection, click, mousedown, keydown, pointerdown: sweep.down }
}
