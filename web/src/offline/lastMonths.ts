import { answer, api } from '../api/client'
import { renditionUrl, SMALL } from '../photos/renditions'
import { cacheOf } from './kept'

/** Of the newest photos so many are there without a network, whether anybody looked at them or not. */
const MOST_ITEMS = 300
/** Where photos are few, each month is a request. */
const MOST_MONTHS = 60

/** Has the service worker keep the last months and their small pictures; one after the other, while the page rests. */
export async function keepLastMonths(user: string): Promise<void> {
  const { months } = await answer(api.GET('/timeline'))
  let left = MOST_ITEMS
  for (const { month } of months.slice(0, MOST_MONTHS)) {
    const items = await answer(api.GET('/timeline/{month}', { params: { path: { month } } }))
    const count = Math.min(left, items.ids.length)
    for (let index = 0; index < count; index += 1) {
      const url = renditionUrl(items, index, SMALL)
      if (url !== null) await keep(new URL(url, location.href), user)
    }
    left -= count
    if (left <= 0) return
  }
}

async function keep(url: URL, user: string): Promise<void> {
  await rest()
  if (await caches.match(url.pathname, { cacheName: cacheOf('pictures', user) })) return
  const response = await fetch(url, { priority: 'low' })
  await response.arrayBuffer()
}

/** Until the page has nothing else to do. */
function rest(): Promise<void> {
  return new Promise((resolve) => {
    // Safari has no such call.
    if ('requestIdleCallback' in window) window.requestIdleCallback(() => resolve())
    else setTimeout(resolve, 100)
  })
}
