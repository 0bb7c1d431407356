import { isPage } from '../app/addresses'
import type { Handler } from './handler'

declare const self: ServiceWorkerGlobalScope
/** What the build has made: every file by its path, with its digest as browsers check it, and a hash of the whole. */
declare const __SHELL__: { version: string; files: Record<string, string> }

const { version, files } = __SHELL__
const PAGE = '/index.html'
const TAKE_OVER = 'take over'
const LONGEST_WAIT_MS = 1000

function cacheOf(shell: string): string {
  return `shell-${shell}`
}

/** Fetches what no earlier version has, one after the other: nobody waits for it. What failed goes on where it was. */
export async function install(): Promise<void> {
  const cache = await caches.open(cacheOf(version))
  for (const [path, integrity] of Object.entries(files)) {
    if (await cache.match(path)) continue
    // Only what has a hash in its name is the same in two versions, and wherever it was kept.
    const isLasting = path.startsWith('/assets/')
    const before = isLasting ? await shellFile(path) : undefined
    const asking = { integrity, cache: isLasting ? 'default' : 'reload', redirect: 'error', priority: 'low' } as const
    await cache.put(path, before ?? (await fetched(path, asking)))
  }
}

async function fetched(path: string, asking: RequestInit): Promise<Response> {
  const response = await fetch(path, asking)
  if (response.status !== 200) throw new Error(`${path} was answered with ${response.status}`)
  return response
}

/** No page of another version is open any more: their files go. */
export async function forgetOtherShells(): Promise<void> {
  const others = (await caches.keys()).filter((name) => name.startsWith('shell-') && name !== cacheOf(version))
  await Promise.all(others.map((name) => caches.delete(name)))
}

/** A file of the client: of this version, or of one whose pages are open still. */
export const asset: Handler = ({ request }) => {
  const { origin, pathname } = new URL(request.url)
  const isAsset = pathname.startsWith('/assets/') || pathname in files
  if (request.method !== 'GET' || request.mode === 'navigate' || origin !== location.origin || !isAsset) return null
  return shellFile(pathname).then((file) => file ?? fetch(request))
}

/** A file of this version, or of another that is there still. */
async function shellFile(path: string): Promise<Response | undefined> {
  const shells = (await caches.keys()).filter((name) => name.startsWith('shell-'))
  for (const shell of [cacheOf(version), ...shells]) {
    const file = await caches.match(path, { cacheName: shell, ignoreVary: true })
    if (file) return file
  }
  return undefined
}

/** A page of the client: at once, without the network. */
export const page: Handler = (event) => {
  const { method, mode, url } = event.request
  return method === 'GET' && mode === 'navigate' && isPage(new URL(url)) ? answerPage(event) : null
}

async function answerPage(event: FetchEvent): Promise<Response> {
  const shell = (await newer(event)) ?? version
  return (await caches.match(PAGE, { cacheName: cacheOf(shell), ignoreVary: true })) ?? fetch(event.request)
}

/** Has a newer version begin that waits, if no page of this one is left by then; returns what it is. */
async function newer({ request }: FetchEvent): Promise<string | null> {
  const { waiting } = self.registration
  if (!waiting) return null
  const open = await self.clients.matchAll({ type: 'window', includeUncontrolled: true })
  // A page that is loaded again is there until it is answered.
  const isReload = request.cache === 'no-cache' || request.cache === 'reload'
  if (open.length > (isReload ? 1 : 0)) return null
  const { port1, port2 } = new MessageChannel()
  return new Promise((resolve) => {
    port1.onmessage = ({ data }: MessageEvent<string>) => resolve(data)
    setTimeout(() => resolve(null), LONGEST_WAIT_MS)
    waiting.postMessage(TAKE_OVER, [port2])
  })
}

/** What another version says to this one, which waits. */
export function hear({ data, ports }: ExtendableMessageEvent): void {
  if (data !== TAKE_OVER) return
  void self.skipWaiting()
  ports[0]!.postMessage(version)
}
