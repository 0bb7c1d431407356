import { ref, watch } from 'vue'
import { probe } from '../api/reachable'
import { useComeBack } from './comeBack'

/**
 * A picture that fades in once it is here, and is asked for again where it did not come: `attempt` is the key of its
 * element, `loaded` and `fail` are told by it. Another `src` begins anew.
 */
export function useComingPicture(src: () => unknown) {
  const shown = ref(false)
  const attempt = ref(0)
  const { failed, done } = useComeBack(() => (attempt.value += 1))
  watch(src, () => done())

  function fail(): void {
    failed()
    void probe() // It may be the server that is away, not the picture.
  }

  function loaded(): void {
    shown.value = true
    done()
  }

  return { shown, attempt, fail, loaded }
}
