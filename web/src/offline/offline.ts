import { keeper } from '../auth/keeper'
import type { Session } from '../auth/sessionKeeper'
import { handOver } from './handOver'
import { forgetOthers } from './kept'
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
  void forgetOthers(keeper.session && String(keeper.session.user.id))
  if (!workers.controller) workers.addEventListener('controllerchange', handOver, { once: true })
  // Who has no worker is served by the network. The next visit tries again.
  const registration = await workers.register('/sw.js').catch(() => null)
  if (!registration) return
  if (await isOfOtherServer()) return void registration.unregister()
  followUpdates(registration)
  await workers.ready
  const { connection } = navigator as { connection?: { saveData: boolean } }
  if (!connection?.saveData) keepMonthsOfWhoIsHere()
}

/** Whether the server has gone back to a version without a worker: its own pages would never be seen. */
async function isOfOtherServer(): Promise<boolean> {
  const asking = fetch('/sw.js', { method: 'HEAD', cache: 'no-store', redirect: 'manual' })
  return asking.then(
    ({ status }) => status === 404,
    () => false, // It is away.
  )
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
