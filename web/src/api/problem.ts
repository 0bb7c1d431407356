export type FieldError = { field: string; message: string }

/** An answer of the API other than success, as RFC 9457 problem details. `status` 0: no answer came at all. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    readonly fields: readonly FieldError[] = [],
    readonly retryAfterSeconds: number | null = null,
  ) {
    super(detail)
    this.name = 'Problem'
  }

  /** Whether the same request may well succeed a little later. */
  get passing(): boolean {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500
  }
}

export function unreachable(): Problem {
  return new Problem(0, 'unreachable', 'The server can’t be reached. Check your connection.')
}

/** The problem that `response` tells; `body` is its parsed JSON, or whatever else came. */
export function problemFrom(response: Response, body: unknown): Problem {
  const details = (typeof body === 'object' && body !== null ? body : {}) as Partial<{
    code: string
    title: string
    detail: string
    errors: FieldError[]
  }>
  const retryAfter = Number(response.headers.get('Retry-After'))
  return new Problem(
    response.status,
    details.code ?? `http_${response.status}`,
    details.detail ?? details.title ?? `The server answered with an error (${response.status}).`,
    details.errors ?? [],
    retryAfter > 0 ? retryAfter : null,
  )
}

/** What to tell a person about anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
