import { isAway } from '../api/away'
import { kindOf } from '../offline/kept'
import type { Handler } from './handler'
import { Keep } from './keep'
import { userOf } from './session'

/** The details of some ten thousand photos: what lists are made of, asked for at each visit, is never the oldest. */
const MOST_BYTES = 5e7
/** So long what is kept waits for the server, and then for a sign of life; browsers give up after minutes. */
const PATIENCE_MS = 5000

export const answers = new Keep('answers', {
  sizeOf: ({ size }) => size,
  limit: async () => Math.min(MOST_BYTES, ((await navigator.storage.estimate()).quota ?? 0) / 20),
})

/** Answers of the API: the server's, and where it can't be reached the last that it gave. */
export const apiAnswer: Handler = (event) => {
  const { method, url, headers } = event.request
  const address = new URL(url)
  const user = userOf(headers.get('Authorization'))
  if (method !== 'GET' || kindOf(address) !== 'answers' || user === null) return null
  return answer(event, user, address.pathname + address.search)
}

async function answer(event: FetchEvent, user: string, path: string): Promise<Response> {
  const asking = ask(event, user, path)
  const first = await Promise.race([asking.catch(() => null), silence(asking)])
  if (first && !isAway(first)) return first
  return (await answers.match(event, user, path)) ?? asking
}

/** What the server answers; it is kept, however late it comes. */
function ask(event: FetchEvent, user: string, path: string): Promise<Response> {
  const asking = fetch(event.request).then((response) => {
    if (isAway(response)) return response
    if (response.status === 200) event.waitUntil(keep(user, path, response.clone()))
    if (response.status === 404) event.waitUntil(answers.forget(user, path))
    return response
  })
  event.waitUntil(asking.catch(() => {})) // Whoever asked is told.
  return asking
}

async function keep(user: string, path: string, response: Response): Promise<void> {
  await answers.put(user, path, response, await response.blob())
}

/** Null once nothing answers at all, as on a train: neither this question nor a simpler one. A server that is only slow is waited for. */
async function silence(asking: Promise<unknown>): Promise<null> {
  let isOver = false
  const over = () => {
    isOver = true
  }
  asking.then(over, over)
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))
    if (isOver || !(await hasSignOfLife())) return null
  }
}

let looking: Promise<boolean> | null = null

function hasSignOfLife(): Promise<boolean> {
  looking ??= fetch('/api/health', { cache: 'no-store', signal: AbortSignal.timeout(PATIENCE_MS) })
    .then(
      () => true,
      () => false,
    )
    .finally(() => (looking = null))
  return looking
}
