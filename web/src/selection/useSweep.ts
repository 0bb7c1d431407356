import { onBeforeUnmount, onMounted, type Ref } from 'vue'
import type { GridLayout } from '../photos/gridLayout'
import type { Place } from '../photos/photoList'
import { findMark, markOf, type Mark } from '../photos/scrollAnchor'
import type { useViewport } from '../photos/useViewport'
import type { ListSelection } from './listSelection'

/** So far the pointer moves before a press is a sweep, or no long one. Pixels. */
const SLOP = 8
const LONG_PRESS_MS = 450
/** So near to an edge of the window a sweep scrolls, by at most so much a frame. */
const EDGE = 72
const FASTEST = 36

type Point = { x: number; y: number }

/**
 * Choosing by a sweep over photos: with the mouse from a check or from between the photos, and from a photo where some are
 * chosen already; with a finger after a long press. What lies between where it began and where it is, in the order of the
 * list, is chosen; taken away where it began on one that was.
 */
export function useSweep(
  grid: Readonly<Ref<HTMLElement | null>>,
  layout: Readonly<Ref<GridLayout>>,
  viewport: ReturnType<typeof useViewport>,
  selection: Readonly<Ref<ListSelection>>,
) {
  /** Where the pointer went down, and where it is: of a press that may become a sweep, and of a sweep. The list may change before it does. */
  let press: { id: number; start: Point; mark: Mark; isChosen: boolean } | null = null
  let now: Point = { x: 0, y: 0 }
  let isSweeping = false
  /** Where the sweep has come to. */
  let reached: Place | null = null
  /** A click ends the press that was a sweep. */
  let swallowsClick = false
  let isTouch = false
  let timer: ReturnType<typeof setTimeout> | undefined
  let frame = 0

  function placeAt({ x, y }: Point): Place {
    const box = grid.value!.getBoundingClientRect()
    return layout.value.placeNear(x - box.left, y - box.top)
  }

  function down(event: PointerEvent): void {
    swallowsClick = false
    isTouch = event.pointerType === 'touch'
    if (press) return end()
    const target = event.target as Element
    const on = target.closest('[data-check]') ? 'check' : target.closest('[data-index]') ? 'photo' : 'space'
    if (event.button !== 0 || !layout.value.sections.length || event.shiftKey || event.ctrlKey || event.metaKey) return
    if (target.closest('button:not([data-check]), h2, h3, .scrubber')) return
    if (isTouch ? on === 'space' : on === 'photo' && !selection.value.isActive) return
    now = { x: event.clientX, y: event.clientY }
    const place = placeAt(now)
    press = { id: event.pointerId, start: now, mark: markOf(layout.value, place), isChosen: on === 'space' || !selection.value.now.has(place) }
    if (isTouch) timer = setTimeout(begin, LONG_PRESS_MS)
    document.addEventListener('pointermove', move)
    document.addEventListener('pointerup', end)
    document.addEventListener('pointercancel', end)
  }

  function begin(): void {
    isSweeping = true
    swallowsClick = true
    const place = findMark(layout.value, press!.mark) ?? placeAt(press!.start)
    selection.value.begin(place, press!.isChosen)
    reach(place)
    document.documentElement.classList.add('sweeping')
    frame = requestAnimationFrame(step)
  }

  function reach(place: Place): void {
    if (place.position === reached?.position && place.index === reached.index) return
    reached = place
    selection.value.spanTo(place)
  }

  function move(event: PointerEvent): void {
    if (event.pointerId !== press?.id) return
    now = { x: event.clientX, y: event.clientY }
    if (isSweeping || Math.hypot(now.x - press.start.x, now.y - press.start.y) < SLOP) return
    if (isTouch) end() // It scrolls.
    else begin()
  }

  function step(): void {
    const bottom = window.innerHeight - EDGE
    const top = viewport.covered + EDGE
    const share = Math.max(0, now.y - bottom) - Math.max(0, top - now.y)
    if (share !== 0) viewport.scrollTo(viewport.top.value + FASTEST * Math.max(-1, Math.min(1, share / EDGE)))
    reach(placeAt(now))
    frame = requestAnimationFrame(step)
  }

  function end(event?: PointerEvent): void {
    if (event && event.pointerId !== press?.id) return
    if (isSweeping && event?.type === 'pointerup') {
      now = { x: event.clientX, y: event.clientY }
      reach(placeAt(now))
    }
    clearTimeout(timer)
    cancelAnimationFrame(frame)
    press = null
    reached = null
    isSweeping = false
    document.documentElement.classList.remove('sweeping')
    document.removeEventListener('pointermove', move)
    document.removeEventListener('pointerup', end)
    document.removeEventListener('pointercancel', end)
  }

  /** Whether a click belongs to a sweep that has just ended. */
  function endsSweep(): boolean {
    const ends = swallowsClick
    swallowsClick = false
    return ends
  }

  // A finger that chooses neither scrolls, nor opens the browser's menu of a link.
  const holdStill = (event: TouchEvent) => isSweeping && event.preventDefault()
  function holdMenu(event: Event): void {
    if (isTouch && press) event.preventDefault()
  }
  // A link would be dragged along, a text be marked.
  function holdDrag(event: Event): void {
    if (press) event.preventDefault()
  }

  onMounted(() => {
    const element = grid.value!
    element.addEventListener('touchmove', holdStill, { passive: false })
    element.addEventListener('contextmenu', holdMenu)
    document.addEventListener('dragstart', holdDrag)
    document.addEventListener('selectstart', holdDrag)
  })
  onBeforeUnmount(() => {
    end()
    document.removeEventListener('dragstart', holdDrag)
    document.removeEventListener('selectstart', holdDrag)
  })

  return { down, endsSweep }
}
