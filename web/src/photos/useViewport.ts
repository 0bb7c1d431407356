import { onBeforeUnmount, onMounted, ref, shallowRef, type Ref } from 'vue'

/** How far the page is scrolled past the top of `element`, how wide that is, and how tall the window. */
export function useViewport(element: Readonly<Ref<HTMLElement | null>>) {
  const width = ref(0)
  const height = ref(window.innerHeight)
  const top = ref(0)
  const offset = shallowRef(0)
  /** What the page's header covers at the top of the window. */
  const covered = parseFloat(getComputedStyle(document.documentElement).getPropertyValue('--header'))
  let frame = 0

  function measure(): void {
    frame = 0
    if (!element.value) return
    const box = element.value.getBoundingClientRect()
    offset.value = box.top + window.scrollY
    width.value = Math.floor(box.width)
    height.value = window.innerHeight
    top.value = window.scrollY - offset.value
  }

  function measureSoon(): void {
    frame ||= requestAnimationFrame(measure)
  }

  function scrollTo(y: number): void {
    window.scrollTo({ top: y + offset.value, behavior: 'instant' })
    measure()
  }

  const observer = new ResizeObserver(measureSoon)

  onMounted(() => {
    measure()
    observer.observe(element.value!)
    window.addEventListener('scroll', measureSoon, { passive: true })
    window.addEventListener('resize', measureSoon)
  })
  onBeforeUnmount(() => {
    cancelAnimationFrame(frame)
    observer.disconnect()
    window.removeEventListener('scroll', measureSoon)
    window.removeEventListener('resize', measureSoon)
  })

  return { width, height, top, covered, scrollTo }
}
