import { onBeforeUnmount, onMounted, ref, shallowRef } from 'vue'
import { messageOf } from '../api/problem'

/**
 * What a part of a page asks the server for once it is there, and again every `everyMs` while somebody can see it, unless
 * the last answer is still to come. What is shown already stays when asking again fails.
 */
export function useAsked<T>(ask: () => Promise<T>, everyMs?: number) {
  const data = shallowRef<T | null>(null)
  const failure = ref('')
  let latest = 0
  let coming = 0

  async function look(): Promise<void> {
    const own = ++latest
    coming++
    try {
      const answer = await ask()
      if (own !== latest) return
      data.value = answer
      failure.value = ''
    } catch (error) {
      if (own === latest) failure.value = messageOf(error)
    } finally {
      coming--
    }
  }

  /** Has this in its place, as somebody has just made it; what was asked for before that tells of it no more. */
  function put(changed: T): void {
    latest++
    data.value = changed
  }

  async function retry(): Promise<void> {
    failure.value = ''
    await look()
  }

  let timer: ReturnType<typeof setInterval> | undefined
  onMounted(() => {
    void look()
    if (everyMs) timer = setInterval(() => document.visibilityState === 'visible' && coming === 0 && void look(), everyMs)
  })
  onBeforeUnmount(() => clearInterval(timer))
  return { data, failure, look, retry, put }
}
