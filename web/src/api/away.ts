/** Of a proxy that wants a login of its own, or whose server is away. The server's own tell what is wrong. */
const OF_PROXIES = [401, 403, 502, 503, 504]

/** Whether an answer is none of the server's, but of something before it. */
export function isAway({ status, headers, redirected }: Response): boolean {
  const type = headers.get('Content-Type') ?? ''
  return redirected || type.startsWith('text/html') || (OF_PROXIES.includes(status) && !type.startsWith('application/problem+json'))
}
