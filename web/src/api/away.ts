/** Of a proxy whose server is away. The server's own tell what is wrong. */
const AWAY = [502, 503, 504]

/** Whether an answer only shows that the server could not be reached. */
export function isAway({ status, headers }: Response): boolean {
  return AWAY.includes(status) && !headers.get('Content-Type')?.startsWith('application/problem+json')
}
