import { onScopeDispose, ref, watch, type Ref } from 'vue'
import { answer, api } from '../../api/client'
import { Problem } from '../../api/problem'
import { useComeBack } from '../comeBack'

const FIRST_WAIT_MS = 700
const LONGEST_WAIT_MS = 10_000

/** All pixels of a photo as any browser shows them: the server makes that once it is wanted. `url` is null until then. */
export function useFullSize(id: Readonly<Ref<string>>, isWanted: () => boolean) {
  const url = ref<string | null>(null)
  const state = ref<'' | 'making' | 'failed'>('')
  let timer: ReturnType<typeof setTimeout> | undefined
  let wait = FIRST_WAIT_MS

  const { failed, done } = useComeBack(() => void ask(id.value))

  async function ask(asked: string): Promise<void> {
    try {
      const told = await answer(api.POST('/items/{item_id}/full-size', { params: { path: { item_id: asked } } }))
      if (asked !== id.value) return
      done()
      url.value = told.rendition?.url ?? null
      state.value = told.state === 'ready' || !isWanted() ? '' : told.state
      if (state.value === 'making') timer = setTimeout(() => void ask(asked), wait)
      wait = Math.min(LONGEST_WAIT_MS, wait * 1.4)
    } catch (error) {
      if (asked !== id.value || !isWanted()) return
      state.value = ''
      if (error instanceof Problem && error.passing) failed()
      else state.value = 'failed'
    }
  }

  function stop(): void {
    clearTimeout(timer)
    done()
    state.value = ''
    wait = FIRST_WAIT_MS
  }

  watch(id, () => (url.value = null))
  watch([id, isWanted], () => {
    stop()
    if (isWanted() && !url.value) void ask(id.value)
  })
  onScopeDispose(stop)

  return { url, state }
}
