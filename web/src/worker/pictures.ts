import { RENDITION_HEIGHTS } from '../api/constants'
import { isAway } from '../api/away'
import { kindOf } from '../offline/kept'
import type { Handler } from './handler'
import { Keep } from './keep'
import { loggedIn } from './session'

const MOST_BYTES = 1e9

export const pictures = new Keep('pictures', {
  sizeOf: ({ size }) => size,
  limit: async () => Math.min(MOST_BYTES, ((await navigator.storage.estimate()).quota ?? 0) / 5),
})

/** Pictures as grid and viewer show them: from what is kept, by path, since their signatures change each week. */
export const picture: Handler = (event) => {
  const { method, url, headers } = event.request
  const address = new URL(url)
  const isWhole = method === 'GET' && !headers.has('Range')
  return isWhole && kindOf(address) === 'pictures' ? answer(event, address.pathname) : null
}

async function answer(event: FetchEvent, path: string): Promise<Response> {
  const { request } = event
  const user = await loggedIn()
  if (!user) return fetch(request)
  const kept = await pictures.match(event, user, path)
  if (kept) return kept
  try {
    // It is kept here: the browser's own cache need not have it too. What a page hands over is in that already.
    const response = await fetch(request, request.cache === 'default' ? { cache: 'no-store' } : {})
    if (response.status === 200 && !isAway(response)) event.waitUntil(keep(user, path, response.clone()))
    return response
  } catch (error) {
    const other = await otherSize(event, user, path)
    if (other) return other
    throw error
  }
}

/** The same picture in another size, the largest that is kept. */
async function otherSize(event: FetchEvent, user: string, path: string): Promise<Response | undefined> {
  for (const height of RENDITION_HEIGHTS.toReversed()) {
    const kept = await pictures.match(event, user, path.replace(/[^/]+$/, `${height}.webp`))
    if (kept) return kept
  }
  return undefined
}

async function keep(user: string, path: string, response: Response): Promise<void> {
  await pictures.put(user, path, response, await response.blob())
}
