import { watch } from 'vue'
import { useRoute, useRouter } from 'vue-router'

/**
 * Calls `onToken` with what a link to this page brings behind its #, and takes it out of the address: whoever looks over a
 * shoulder, or through the history, finds it there no more.
 */
export function useLinkToken(page: string, onToken: (token: string) => void): void {
  const route = useRoute()
  const router = useRouter()
  watch(
    () => route.name === page && route.hash.slice(1),
    (given) => {
      if (!given) return
      router.replace({ hash: '' }).catch(() => {}) // The router tells of it.
      onToken(given)
    },
    { immediate: true },
  )
}
