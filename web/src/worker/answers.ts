import { isAway } from '../api/away'
import { kindOf } from '../offline/kept'
import type { Handler } from './handler'
import { Keep } from './keep'
import { userOf } from './session'

const MOST_ANSWERS = 200

const answers = new Keep('answers', { sizeOf: () => 1, limit: async () => MOST_ANSWERS })

/** Answers of the API: the server's, and where it can't be reached the last that it gave. */
export const apiAnswer: Handler = (event) => {
  const { method, url, headers } = event.request
  const address = new URL(url)
  const user = userOf(headers.get('Authorization'))
  if (method !== 'GET' || kindOf(address) !== 'answers' || user === null) return null
  return answer(event, user, address.pathname + address.search)
}

async function answer(event: FetchEvent, user: string, path: string): Promise<Response> {
  const response = await fetch(event.request).catch((error: unknown) => error)
  if (!(response instanceof Response) || isAway(response)) {
    const kept = await answers.match(event, user, path)
    if (kept) return kept
    if (response instanceof Response) return response
    throw response
  }
  if (response.status === 200) event.waitUntil(keep(user, path, response.clone()))
  if (response.status === 404) event.waitUntil(answers.forget(user, path))
  return response
}

async function keep(user: string, path: string, response: Response): Promise<void> {
  await answers.put(user, path, response, await response.blob())
}
