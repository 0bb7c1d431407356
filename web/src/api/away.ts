/** Of a proxy whose server is away. The server's own tell what is wrong. */
const AWAY = [502, 503, 504]

/** Whether an answer only shows that the server could not be reached: a proxy's, which may want a login of its own first. */
export function isAway({ status, headers, redirected }: Response): boolean {
  const type = headers.get('Content-Type') ?? ''
  return redirected || type.startsWith('text/html') || (AWAY.includes(status) && !type.startsWith('application/problem+json'))
}
