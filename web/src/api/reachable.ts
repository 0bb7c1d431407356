import { ref } from 'vue'
import { pastWorker } from '../app/addresses'
import { KEPT_HEADER } from '../offline/kept'
import { isAway } from './away'

/** False from a request on that the server did not answer, until it answers any. */
export const reachable = ref(true)
/** Whether something before the server shows a page of its own in place of all answers, as a proxy whose login has run out. */
export const hidden = ref(false)

const PROBE_MS = 3000
/** The browser's own patience is of minutes. */
const LONGEST_PROBE_MS = 10_000
const LED_KEY = 'pinhole.led'

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

let hasAnswered = false

/** What a request has shown: the server's answer, one that the service worker kept, or null where none came. */
export function noteAnswer(response: Response | null): void {
  const isGone = response === null || response.headers.has(KEPT_HEADER) || isAway(response)
  const wasAway = !reachable.value
  reachable.value = !isGone
  // Whoever comes to a page that was kept, and has to log in before, waits for nothing.
  if (isGone) probing ??= setTimeout(() => void probe(), wasAway || hasAnswered ? PROBE_MS : 0)
  else {
    hasAnswered = true
    hidden.value = false
    if (wasAway) goOn()
  }
}

/** A body broke off: the server may be away since, or only that answer failed, which the next sign of life tells. */
export function noteBrokenOff(): void {
  hasBrokenOff = true
  probing ??= setTimeout(() => void probe(), PROBE_MS)
}

let hasBrokenOff = false
let probing: ReturnType<typeof setTimeout> | undefined
let asking: Promise<void> | null = null

/** Asks the server for a sign of life, after something else failed that may be its fault. */
export function probe(): Promise<void> {
  clearTimeout(probing)
  probing = undefined
  const signal = AbortSignal.timeout(LONGEST_PROBE_MS)
  asking ??= fetch('/api/health', { cache: 'no-store', redirect: 'manual', signal })
    .then(noteHealth, () => noteAnswer(null))
    .finally(() => (asking = null))
  return asking
}

function noteHealth(response: Response): void {
  const isOfServer = (response.headers.get('Content-Type') ?? '').includes('json')
  // What fails as a gateway does has nothing to show. A redirect has the status 0 here.
  hidden.value = !isOfServer && response.status < 500
  const wasThere = hasBrokenOff && reachable.value
  hasBrokenOff = false
  noteAnswer(hidden.value ? null : response)
  if (wasThere && reachable.value) goOn()
  // Once: if it leads back here with nothing changed, it would do so for ever. Who has got to see more is asked first.
  if (!hidden.value || hasAnswered || sessionStorage.getItem(LED_KEY) !== null) return
  sessionStorage.setItem(LED_KEY, '')
  leadToNetwork()
}

/** Loads this page anew from the network, past the service worker: what stands before the server can show itself. */
export function leadToNetwork(): void {
  window.location.replace(pastWorker(window.location.href))
}
