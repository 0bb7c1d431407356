import { onBeforeUnmount, onMounted, watch, type Ref } from 'vue'

const REST_MS = 3000

/** What lies over a film goes (`isBare`) when nobody has moved anything for a while as it plays, and comes back by itself. */
export function useRest(isBare: Ref<boolean>, isPlaying: () => boolean): void {
  let timer: ReturnType<typeof setTimeout> | undefined
  let isResting = false

  function wake(): void {
    clearTimeout(timer)
    if (isResting) isBare.value = false
    isResting = false
    if (!isPlaying()) return
    timer = setTimeout(() => {
      isResting = true
      isBare.value = true
    }, REST_MS)
  }
  // A finger that taps says itself what is to be seen, but for one that is at the controls.
  const moved = (event: PointerEvent) => (event.pointerType === 'mouse' || (event.target as Element).closest('.player')) && wake()

  watch(isPlaying, wake)
  watch(isBare, (bare) => {
    if (!bare) wake()
  })
  onMounted(() => {
    document.addEventListener('pointermove', moved)
    document.addEventListener('keydown', wake, true)
  })
  onBeforeUnmount(() => {
    clearTimeout(timer)
    document.removeEventListener('pointermove', moved)
    document.removeEventListener('keydown', wake, true)
  })
}
