/**
 * The service worker: `vite.config.ts` builds it as `/sw.js`, in a build of its own and only of what is deployed.
 * What no handler wants goes to the network, as if there were no worker.
 */
import { answers, apiAnswer } from './answers'
import type { Handler } from './handler'
import { picture, pictures } from './pictures'
import { answerSaving, hearOfSaving } from './saving'
import { takeShared } from './share'
import { asset, begin, hear, install, page } from './shell'

declare const self: ServiceWorkerGlobalScope

/** The first that wants a request answers it. */
const handlers: readonly Handler[] = [
  picture,
  apiAnswer,
  asset,
  page,
  takeShared,
  answerSaving,
]

self.addEventListener('install', (event) => event.waitUntil(install()))
self.addEventListener('activate', (event) => event.waitUntil(activate()))
self.addEventListener('message', hear)
self.addEventListener('message', hearOfSaving)
self.addEventListener('fetch', (event) => {
  for (const handle of handlers) {
    const response = handle(event)
    if (response) return event.respondWith(response)
  }
})

async function activate(): Promise<void> {
  await begin()
  await self.clients.claim()
  // No page waits for it.
  void Promise.all([answers, pictures].map((kept) => kept.sweep()))
}
