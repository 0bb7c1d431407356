import { onBeforeUnmount, onMounted, reactive, ref, type Ref } from 'vue'
import { bounded, DOUBLE_TAP_SCALE, type Point, type Size, UNZOOMED, type Zoom, zoomAt } from './zoom'

type Hooks = {
  /** Size of the shown picture before zooming. */
  box: () => Size
  frame: () => Size
  /** How far the picture may be enlarged. */
  largest: () => number
  turn: (step: 1 | -1) => void
  dismiss: () => void
  tap: (pointerType: string) => void
  /** The picture is pressed for a while without a move: whether that is for something, so that a move is not. */
  hold: () => boolean
  release: () => void
}

const TAP_MS = 260
const HOLD_MS = 450
const TAP_SLOP = 10
const TURN_SHARE = 0.18
const FLICK_PX_PER_MS = 0.5
const DISMISS_PX = 110
const LINE_PX = 16

/** Swipe, pinch, double tap, drag and wheel on the viewer's stage. */
export function useGestures(stage: Readonly<Ref<HTMLElement | null>>, hooks: Hooks) {
  const zoom = reactive<Zoom>({ ...UNZOOMED })
  /** How far the finger has carried the picture while it is not zoomed. */
  const drag = reactive<Point>({ x: 0, y: 0 })
  const isHeld = ref(false)

  const pointers = new Map<number, Point>()
  let axis: 'x' | 'y' | null = null
  let isPinch = false
  let start = { x: 0, y: 0, time: 0 }
  let lastTap = { x: 0, y: 0, time: -Infinity }
  let tapTimer: ReturnType<typeof setTimeout> | undefined
  let holdTimer: ReturnType<typeof setTimeout> | undefined
  let isHolding = false

  function place(next: Zoom): void {
    Object.assign(zoom, bounded(next, hooks.box(), hooks.frame()))
  }

  /** Enlarge by `factor` about a point, measured from the middle of the stage. */
  function enlarge(point: Point, factor: number, from: Zoom = zoom): void {
    place(zoomAt(from, point, factor, hooks.largest()))
  }

  function reset(): void {
    Object.assign(zoom, UNZOOMED)
    Object.assign(drag, { x: 0, y: 0 })
  }

  function fromMiddle({ clientX, clientY }: { clientX: number; clientY: number }): Point {
    const box = stage.value!.getBoundingClientRect()
    return { x: clientX - box.left - box.width / 2, y: clientY - box.top - box.height / 2 }
  }

  function down(event: PointerEvent): void {
    const target = event.target as Element
    // A mouse selects text; a finger on it goes on moving the picture.
    if (event.button !== 0 || target.closest(event.pointerType === 'mouse' ? 'button, a, [data-selectable]' : 'button, a')) return
    stage.value!.setPointerCapture(event.pointerId)
    isPinch = pointers.size > 0
    pointers.set(event.pointerId, fromMiddle(event))
    isHeld.value = true
    axis = null
    start = { x: event.clientX, y: event.clientY, time: event.timeStamp }
    if (isPinch) Object.assign(drag, { x: 0, y: 0 })
    release()
    if (!isPinch) holdTimer = setTimeout(() => (isHolding = hooks.hold()), HOLD_MS)
  }

  /** Whether something was held. */
  function release(): boolean {
    clearTimeout(holdTimer)
    if (!isHolding) return false
    isHolding = false
    hooks.release()
    return true
  }

  function move(event: PointerEvent): void {
    const before = pointers.get(event.pointerId)
    if (!before) return
    const now = fromMiddle(event)
    const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1]
    pointers.set(event.pointerId, now)
    if (Math.hypot(event.clientX - start.x, event.clientY - start.y) > TAP_SLOP) clearTimeout(holdTimer)
    if (isHolding) return
    if (other) {
      const factor = distance(now, other) / Math.max(1, distance(before, other))
      const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 }
      const shifted = { ...zoom, x: zoom.x + (now.x - before.x) / 2, y: zoom.y + (now.y - before.y) / 2 }
      enlarge(middle, factor, shifted)
    } else if (zoom.scale > 1) {
      place({ ...zoom, x: zoom.x + now.x - before.x, y: zoom.y + now.y - before.y })
    } else if (!isPinch) {
      carry({ x: event.clientX - start.x, y: event.clientY - start.y }, event.pointerType)
    }
  }

  function carry(way: Point, pointerType: string): void {
    if (axis === null && Math.hypot(way.x, way.y) > TAP_SLOP) axis = Math.abs(way.x) > Math.abs(way.y) ? 'x' : 'y'
    if (axis === 'x') drag.x = way.x
    else if (axis === 'y' && pointerType !== 'mouse') drag.y = Math.max(0, way.y)
  }

  function up(event: PointerEvent): void {
    if (!pointers.delete(event.pointerId) || pointers.size > 0) return
    isHeld.value = false
    if (release()) return
    if (event.type === 'pointercancel') return reset()
    if (isPinch) return
    const way = { x: event.clientX - start.x, y: event.clientY - start.y }
    const duration = event.timeStamp - start.time
    if (Math.hypot(way.x, way.y) < TAP_SLOP && duration < TAP_MS * 2) tapped(event)
    else if (zoom.scale === 1) settle(duration)
  }

  function settle(duration: number): void {
    const isFlick = Math.abs(drag.x) / Math.max(1, duration) > FLICK_PX_PER_MS
    if (axis === 'x' && (isFlick || Math.abs(drag.x) > hooks.frame().width * TURN_SHARE)) {
      hooks.turn(drag.x < 0 ? 1 : -1)
    } else if (drag.y > DISMISS_PX) {
      hooks.dismiss()
    }
    Object.assign(drag, { x: 0, y: 0 })
  }

  function tapped(event: PointerEvent): void {
    clearTimeout(tapTimer)
    const isSecond =
      event.timeStamp - lastTap.time < TAP_MS &&
      Math.hypot(event.clientX - lastTap.x, event.clientY - lastTap.y) < 4 * TAP_SLOP
    if (isSecond) {
      lastTap.time = -Infinity
      if (zoom.scale > 1) reset()
      else enlarge(fromMiddle(event), DOUBLE_TAP_SCALE)
    } else {
      lastTap = { x: event.clientX, y: event.clientY, time: event.timeStamp }
      tapTimer = setTimeout(() => hooks.tap(event.pointerType), TAP_MS)
    }
  }

  function wheel(event: WheelEvent): void {
    event.preventDefault()
    const pixels = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? event.deltaY : event.deltaY * LINE_PX
    // A pinch on a touch pad comes as a wheel with Ctrl, in small steps.
    enlarge(fromMiddle(event), Math.exp(-pixels / (event.ctrlKey ? 100 : 250)))
  }

  onMounted(() => {
    const element = stage.value!
    element.addEventListener('pointerdown', down)
    element.addEventListener('pointermove', move)
    element.addEventListener('pointerup', up)
    element.addEventListener('pointercancel', up)
    element.addEventListener('wheel', wheel, { passive: false })
    // Else the browser takes a swipe for a fling of its own, and swallows the tap that follows.
    element.addEventListener('touchmove', (event) => event.preventDefault(), { passive: false })
    // A finger that holds a photo still is no wish for the browser's menu of pictures.
    element.addEventListener('contextmenu', (event) => (event as PointerEvent).pointerType === 'touch' && event.preventDefault())
  })
  onBeforeUnmount(() => {
    clearTimeout(tapTimer)
    clearTimeout(holdTimer)
  })

  return { zoom, drag, isHeld, reset, place, enlarge }
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y)
}
