import { onBeforeUnmount, onMounted, ref, type Ref } from 'vue'

/** How many cards of a least width, in pixels, there is room for beside each other. */
export function useColumns(element: Readonly<Ref<HTMLElement | null>>, least: number): Readonly<Ref<number>> {
  const columns = ref(Math.max(1, Math.floor(window.innerWidth / least)))
  const observer = new ResizeObserver(([entry]) => {
    columns.value = Math.max(1, Math.floor(entry!.contentRect.width / least))
  })
  onMounted(() => observer.observe(element.value!))
  onBeforeUnmount(() => observer.disconnect())
  return columns
}
