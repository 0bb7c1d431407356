import { onBeforeUnmount, ref, watch, type Ref } from 'vue'

const SHOWN_AFTER_SCROLL_MS = 1400

/** Whether the page was scrolled a moment ago, to other than its top. */
export function useAwake(top: () => number): Readonly<Ref<boolean>> {
  const awake = ref(false)
  let sleep: ReturnType<typeof setTimeout> | undefined
  watch(top, (now) => {
    awake.value = now > 0
    clearTimeout(sleep)
    sleep = setTimeout(() => (awake.value = false), SHOWN_AFTER_SCROLL_MS)
  })
  onBeforeUnmount(() => clearTimeout(sleep))
  return awake
}
