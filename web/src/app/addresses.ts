/** First parts of the addresses of pages. Any other may be of what stands before the server, as where its login leads back to. */
const FIRST_PARTS = [
  '',
  'account',
  'admin',
  'archive',
  'confirm-email',
  'favourites',
  'folders',
  'forgot',
  'index.html',
  'invite',
  'login',
  'months',
  'photo',
  'recent',
  'reset',
  'search',
  'share',
  'trash',
  'welcome',
  'years',
]

/** In the query of a page that is to come by the network, though the service worker has it. */
const PAST = 'past'

/** Whether an address is of a page of the client that the service worker may answer. */
export function isPage({ pathname, searchParams }: URL): boolean {
  return FIRST_PARTS.includes(pathname.split('/')[1]!) && !searchParams.has(PAST)
}

/** The address of a page, past the service worker. */
export function pastWorker(address: string): string {
  const url = new URL(address)
  url.searchParams.set(PAST, '')
  return url.href
}

/** The query of a page without what had it come past the service worker; null where it came as any. */
export function withoutPast<T extends Record<string, unknown>>(query: T): Omit<T, typeof PAST> | null {
  const { [PAST]: past, ...rest } = query
  return past === undefined ? null : rest
}
