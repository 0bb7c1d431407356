import { computed, onBeforeUnmount, onMounted, ref, shallowRef, watch, type Ref } from 'vue'
import { ScrollMap } from './scrollMap'

const REST_MS = 200

/**
 * How far the page is scrolled in content that `element` shows, how wide that is, and how tall the window. The content
 * may be taller than an element can be: `elementHeight` is what the element is to have, and what is at `y` in the
 * content is to be drawn at `y - shift` in it.
 */
export function useViewport(element: Readonly<Ref<HTMLElement | null>>, contentHeight: () => number) {
  const width = ref(0)
  const height = ref(window.innerHeight)
  const top = ref(0)
  const shift = ref(0)
  const offset = shallowRef(0)
  const map = new ScrollMap()
  const elementHeight = computed(() => map.heightFor(contentHeight()))
  /** What the page's header covers at the top of the window. */
  const covered = parseFloat(getComputedStyle(document.documentElement).getPropertyValue('--header'))
  let frame = 0
  let rest: ReturnType<typeof setTimeout> | undefined

  function measure(): void {
    frame = 0
    if (!element.value) return
    const box = element.value.getBoundingClientRect()
    offset.value = box.top + window.scrollY
    width.value = Math.floor(box.width)
    height.value = window.innerHeight
    map.resize(contentHeight(), height.value)
    top.value = map.scrolled(window.scrollY - offset.value)
    shift.value = map.shift
    clearTimeout(rest)
    // What has moved since, and is not measured yet, is no rest: it would be undone.
    const at = window.scrollY
    if (map.isMapped) rest = setTimeout(() => window.scrollY === at && scrollTo(top.value), REST_MS)
  }

  function measureSoon(): void {
    frame ||= requestAnimationFrame(measure)
  }

  function scrollTo(y: number): void {
    map.resize(contentHeight(), height.value)
    const at = map.scrollTo(y) + offset.value
    shift.value = map.shift
    if (map.isMapped && Math.abs(at - window.scrollY) < 1) return
    window.scrollTo({ top: at, behavior: 'instant' })
    measure()
  }

  const observer = new ResizeObserver(measureSoon)

  onMounted(() => {
    measure()
    // Once the element is as tall as the new content wants it.
    watch(contentHeight, () => (map.isMapped || elementHeight.value < contentHeight()) && scrollTo(top.value), { flush: 'post' })
    observer.observe(element.value!)
    window.addEventListener('scroll', measureSoon, { passive: true })
    window.addEventListener('resize', measureSoon)
  })
  onBeforeUnmount(() => {
    cancelAnimationFrame(frame)
    clearTimeout(rest)
    observer.disconnect()
    window.removeEventListener('scroll', measureSoon)
    window.removeEventListener('resize', measureSoon)
  })

  return { width, height, top, shift, elementHeight, covered, scrollTo }
}
