import { isPage } from '../app/addresses'
import type { Handler } from './handler'

declare const self: ServiceWorkerGlobalScope
/** What the build has made: every file by its path, with its digest as browsers check it, and a hash of the whole. */
declare const __SHELL__: { version: string; files: Record<string, string> }

const { version, files } = __SHELL__
const PAGE = '/index.html'
/** In the cache of a version that has begun: when it did. */
const BEGUN = '/begun'
const TAKE_OVER = 'take over'
const LONGEST_WAIT_MS = 1000

function cacheOf(shell: string): string {
  return `shell-${shell}`
}

/** Fetches all of this version. What failed goes on where it was. */
export async function install(): Promise<void> {
  await fill()
  await forgetOtherShells()
}

/** Fetches what no earlier version has, one after the other: nobody waits for it. */
async function fill(): Promise<void> {
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

let repairing: Promise<void> | null = null

/** Fetches anew what is not there any more, as where a browser has thrown it away. */
function repair(event: FetchEvent): void {
  // Where that fails the server is away, or has another version: it is tried again when something is missing again.
  repairing ??= fill()
    .then(noteBegun)
    .catch(() => {})
    .finally(() => (repairing = null))
  event.waitUntil(repairing)
}

async function fetched(path: string, asking: RequestInit): Promise<Response> {
  const response = await fetch(path, asking)
  if (response.status !== 200) throw new Error(`${path} was answered with ${response.status}`)
  return response
}

/** This version answers from now on. */
export async function begin(): Promise<void> {
  await noteBegun()
  // A newer one that is being installed does it itself; its files must not go.
  if (!self.registration.installing && !self.registration.waiting) await forgetOtherShells()
}

async function noteBegun(): Promise<void> {
  await (await caches.open(cacheOf(version))).put(BEGUN, new Response(String(Date.now())))
}

/**
 * The files of other versions go, but for those of the last that began. It answers still, or a page of it is open: one that was
 * opened while this version took over, or that comes back by Back as it was.
 */
async function forgetOtherShells(): Promise<void> {
  const others = (await shells()).filter((name) => name !== cacheOf(version))
  const begun = await Promise.all(others.map(begunAt))
  const last = Math.max(...begun)
  await Promise.all(others.filter((_, index) => begun[index] !== last || last === 0).map((name) => caches.delete(name)))
}

/** 0 if it never did. */
async function begunAt(shell: string): Promise<number> {
  const begun = await caches.match(BEGUN, { cacheName: shell })
  return begun ? Number(await begun.text()) : 0
}

async function shells(): Promise<string[]> {
  return (await caches.keys()).filter((name) => name.startsWith('shell-'))
}

/** A file of the client: of this version, or of one whose pages are open still. */
export const asset: Handler = (event) => {
  const { request } = event
  const { origin, pathname } = new URL(request.url)
  const isAsset = pathname.startsWith('/assets/') || pathname in files
  if (request.method !== 'GET' || request.mode === 'navigate' || origin !== location.origin || !isAsset) return null
  return shellFile(pathname).then((file) => {
    if (file) return file
    if (pathname in files) repair(event)
    return fetch(request)
  })
}

/** A file of this version, or of another that is there still. */
async function shellFile(path: string): Promise<Response | undefined> {
  for (const shell of [cacheOf(version), ...(await shells())]) {
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
  const kept = await caches.match(PAGE, { cacheName: cacheOf(shell), ignoreVary: true })
  if (kept) return kept
  if (shell === version) repair(event)
  return fetch(event.request)
}

/** What has been asked to begin; this version goes on until all that it does is done, which may be the whole of a ZIP. */
let next: string | null = null

/** Has a newer version begin that waits, if no page of this one is left by then; returns what it is. */
async function newer({ request }: FetchEvent): Promise<string | null> {
  const { waiting } = self.registration
  if (next !== null || !waiting) return next
  const open = await self.clients.matchAll({ type: 'window', includeUncontrolled: true })
  // A page that is loaded again is there until it is answered.
  const isReload = request.cache === 'no-cache' || request.cache === 'reload'
  if (open.length > (isReload ? 1 : 0)) return null
  const { port1, port2 } = new MessageChannel()
  return new Promise((resolve) => {
    port1.onmessage = ({ data }: MessageEvent<string>) => {
      next = data
      resolve(next)
    }
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
