import { ref } from 'vue'

/** False from a request on that the server did not answer, until it answers any. */
export const reachable = ref(true)

const PROBE_MS = 3000
/** Of a proxy whose server is away. The server's own tell what is wrong. */
const AWAY = [502, 503, 504]

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

/** What a request has shown: the server's answer, or null where none came. */
export function noteAnswer(response: Response | null): void {
  const isAway = response === null || (AWAY.includes(response.status) && !isOfTheServer(response))
  const wasAway = !reachable.value
  reachable.value = !isAway
  if (isAway) probing ??= setTimeout(() => void probe(), PROBE_MS)
  else if (wasAway) goOn()
}

function isOfTheServer({ headers }: Response): boolean {
  return headers.get('Content-Type')?.startsWith('application/problem+json') ?? false
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
