import createClient from 'openapi-fetch'
import { keeper } from '../auth/keeper'
import { isAway } from './away'
import { earlyAnswer } from './early'
import { problemFrom, unreachable } from './problem'
import { noteAnswer, noteBrokenOff } from './reachable'
import type { paths } from './schema'

/** The API with the caller's token; one refused as expired is renewed and the request sent again, once. */
export const api = createClient<paths, 'application/json'>({ baseUrl: '/api', fetch: sendAuthorised })

/** The API as a stranger sees it. */
export const publicApi = createClient<paths, 'application/json'>({ baseUrl: '/api', fetch: send })

async function sendAuthorised(request: Request): Promise<Response> {
  const again = request.clone()
  const token = keeper.accessToken()
  const response = await send(withToken(request, token))
  if (response.status !== 401) return response
  const renewed = await keeper.renew(token)
  const second = await send(withToken(again, renewed))
  if (second.status === 401) await keeper.refuse(renewed)
  return second
}

function withToken(request: Request, token: string): Request {
  request.headers.set('Authorization', `Bearer ${token}`)
  return request
}

async function send(request: Request): Promise<Response> {
  const response = await (earlyAnswer(request) ?? fetch(request)).catch((error: unknown) => {
    if (request.signal.aborted) throw error
    return null
  })
  noteAnswer(response)
  if (response === null || isAway(response)) throw unreachable()
  return response
}

/** The body of a successful answer; throws `Problem` for any other, and for one that broke off or is no JSON. */
export async function answer<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await call.catch((thrown: unknown) => {
    if (!(thrown instanceof TypeError || thrown instanceof SyntaxError)) throw thrown
    noteBrokenOff()
    throw unreachable()
  })
  if (!response.ok) throw problemFrom(response, error)
  return data as T
}
