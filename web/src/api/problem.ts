import type { components } from './schema'
import { texts } from '../texts/texts'

export type FieldError = { field: string; message: string; limit?: number | null }

/** The API's codes, and those of answers that were not the API's. */
export type ErrorCode = components['schemas']['ErrorCode'] | 'unreachable' | `http_${number}`

/** An error whose message is a sentence for whoever uses the page; those of the browser are for developers. */
export class Told extends Error {}

/** An answer of the API other than success, as RFC 9457 problem details. `status` 0: no answer came at all. */
export class Problem extends Told {
  constructor(
    readonly status: number,
    readonly code: ErrorCode,
    detail: string,
    readonly fields: readonly FieldError[] = [],
    readonly retryAfterSeconds: number | null = null,
  ) {
    super(detail)
    this.name = 'Problem'
  }

  /** Whether the server only asks for patience: there is a limit, or too much to do. */
  get isWait(): boolean {
    return this.status === 429 || this.status === 503 || (this.status === 409 && this.retryAfterSeconds !== null)
  }

  /** Whether the same request may well succeed a little later. */
  get passing(): boolean {
    return this.isWait || this.status === 0 || this.status === 408 || this.status >= 500
  }
}

export function unreachable(): Problem {
  return new Problem(0, 'unreachable', texts.api.unreachable)
}

/** The problem that `response` tells; `body` is its parsed JSON, or whatever else came. */
export function problemFrom(response: Response, body: unknown): Problem {
  const details = (typeof body === 'object' && body !== null ? body : {}) as Partial<{
    code: ErrorCode
    title: string
    detail: string
    errors: FieldError[]
    limit: number | null
  }>
  const code = details.code ?? (`http_${response.status}` as const)
  const retryAfter = Number(response.headers.get('Retry-After'))
  return new Problem(
    response.status,
    code,
    sentenceOf(code, details.limit ?? null, details.detail ?? details.title ?? texts.api.failed(response.status)),
    details.errors ?? [],
    retryAfter > 0 ? retryAfter : null,
  )
}

/**
 * What to tell a person of a code, and of the limit that was met, where there is one. `fromServer` is for a code that the
 * server has and this page does not know yet.
 */
export function sentenceOf(code: ErrorCode, limit: number | null, fromServer: string): string {
  const limits = texts.limits as Partial<Record<ErrorCode, (limit: number) => string>>
  if (limit !== null && limits[code]) return limits[code](limit)
  return (texts.problems as Partial<Record<ErrorCode, string>>)[code] ?? fromServer
}

/** As `messageOf`, and how long to wait where the server says so. */
export function messageAndWait(error: unknown): string {
  const wait = error instanceof Problem ? error.retryAfterSeconds : null
  return wait ? `${messageOf(error)} ${texts.signIn.waitFor(wait)}` : messageOf(error)
}

/** What to tell a person about anything that was thrown. */
export function messageOf(error: unknown): string {
  if (error instanceof Told) return error.message
  // eslint-disable-next-line no-console -- whoever looks for the fault finds it there
  console.error(error)
  return texts.api.unexpected
}
