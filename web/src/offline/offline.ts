import { keeper } from '../auth/keeper'
import type { Session } from '../auth/sessionKeeper'
import { forgetOthers, kindOf } from './kept'
import { keepLastMonths } from './lastMonths'

/** After the page has loaded: what it shows first shares its line with nothing. */
const REST_MS = 3000
/** A page that is open for long asks for a new version so often. */
const UPDATE_MS = 6 * 60 * 60 * 1000

/** Has the service worker keep what the page needs without a network, once nothing of the first look is on its way. */
export function prepareOffline(): void {
  // The development server has none: what was changed must come from it.
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return
  const begin = () => setTimeout(() => void prepare(navigator.serviceWorker), REST_MS)
  if (document.readyState === 'complete') begin()
  else window.addEventListener('load', begin, { once: true })
}

async function prepare(workers: ServiceWorkerContainer): Promise<void> {
  // What a tab threw away that was closed before it had done so.
  await forgetOthers(keeper.session && String(keeper.session.user.id))
  if (!workers.controller) workers.addEventListener('controllerchange', handOver, { once: true })
  // Who has no worker is served by the network. The next visit tries again.
  const registration = await workers.register('/sw.js').catch(() => null)
  if (!registration) return
  followUpdates(registration)
  await workers.ready
  const { connection } = navigator as { connection?: { saveData: boolean } }
  if (!connection?.saveData) keepMonthsOfWhoIsHere()
}

function followUpdates(registration: ServiceWorkerRegistration): void {
  let asked = Date.now()
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState !== 'visible' || Date.now() - asked < UPDATE_MS) return
    asked = Date.now()
    registration.update().catch(() => {}) // Asked again in some hours.
  })
}

function keepMonthsOfWhoIsHere(): void {
  let kept: string | null = null
  const follow = (session: Session | null) => {
    const user = session && String(session.user.id)
    // What fails is kept by the next visit, as what was looked at.
    if (user !== null && user !== kept) keepLastMonths(user).catch(() => {})
    kept = user
  }
  follow(keeper.session)
  keeper.onChange(follow)
}

/** Shows the worker what came past it: one visit is enough for the next to need no network. */
function handOver(): void {
  let showing = Promise.resolve()
  new PerformanceObserver((list) => {
    for (const { name, workerStart } of list.getEntries() as PerformanceResourceTiming[]) {
      if (workerStart === 0) showing = showing.then(() => show(name))
    }
  }).observe({ type: 'resource', buffered: true })
}

async function show(url: string): Promise<void> {
  const kind = kindOf(new URL(url))
  if (kind === null || keeper.session === null) return
  const headers = { Authorization: `Bearer ${keeper.session.accessToken}` }
  // From the browser's own cache, where that has it.
  const init: RequestInit = kind === 'answers' ? { headers } : { cache: 'force-cache' }
  await fetch(url, { ...init, priority: 'low' })
    .then((response) => response.arrayBuffer())
    .catch(() => {}) // The next visit keeps it.
}
