/**
 * The service worker: `vite.config.ts` builds it as `/sw.js`, in a build of its own and only of what is deployed.
 * What no handler wants goes to the network, as if there were no worker.
 */
import type { Handler } from './handler'

declare const self: ServiceWorkerGlobalScope

/** The first that wants a request answers it. */
const handlers: readonly Handler[] = []

self.addEventListener('fetch', (event) => {
  for (const handle of handlers) {
    const response = handle(event)
    if (response) return event.respondWith(response)
  }
})
