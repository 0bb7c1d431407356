import { ref } from 'vue'
import { KEPT_HEADER } from '../offline/kept'
import { isAway } from './away'

/** False from a request on that the server did not answer, until it answers any. */
export const reachable = ref(true)

const PROBE_MS = 3000

const onBack = new Set<() => void>()
window.addEventListener('online', goOn)

/** Calls `go` whenever the network or the server is back, until the returned function is called. */
export function whenBack(go: () => void): () => void {
  onBack.add(go)
  return () => onBack.delete(go)
}

function goOn(): void {
  for (const go of [...onBack]) go()
}

/** What a request has shown: the server's answer, one that the service worker kept, or null where none came. */
export function noteAnswer(response: Response | null): void {
  const isGone = response === null || response.headers.has(KEPT_HEADER) || isAway(response)
  const wasAway = !reachable.value
  reachable.value = !isGone
  if (isGone) probing ??= setTimeout(() => void probe(), PROBE_MS)
  else if (wasAway) goOn()
}

let probing: ReturnType<typeof setTimeout> | undefined
let asking: Promise<void> | null = null

/** Asks the server for a sign of life, after something else failed that may be its fault. */
export function probe(): Promise<void> {
  clearTimeout(probing)
  probing = undefined
  asking ??= fetch('/api/health', { cache: 'no-store' })
    .then(noteAnswer, () => noteAnswer(null))
    .finally(() => (asking = null))
  return asking
}
