/**
 * Runs before the first paint, and before the page's bundle is here: each thing that the bundle would begin only then
 * costs a slow line another round trip. A classic script, so nothing is imported; `vite.config.ts` gives it a file of
 * its own, and tells it what the pages are made of that are shown after logging in.
 */
{
  type Session = { accessToken: string; expiresAt: string }

  const { dataset } = document.documentElement
  // A chosen theme never flashes the other one, nor a font that is at hand the system's.
  const theme = localStorage.getItem('pinhole.theme')
  if (theme === 'light' || theme === 'dark') dataset.theme = theme
  if (localStorage.getItem('pinhole.font') === 'here') dataset.font = 'own'

  const asked: EarlyAnswer[] = []
  window.earlyAnswers = asked

  const ask = (path: string, authorization: string | null): void => {
    const answer = fetch(path, authorization === null ? {} : { headers: { Authorization: authorization } })
    answer.catch(() => {}) // Whoever takes it is told.
    asked.push({ url: new URL(path, location.href).href, authorization, answer })
  }

  const preload = (files: string): void => {
    for (const href of files.split(' ')) {
      const isStyle = href.endsWith('.css')
      // As the bundle will ask for it: a style sheet that was asked for in another mode is fetched again.
      const link = isStyle ? { rel: 'preload', as: 'style', crossOrigin: '', href } : { rel: 'modulepreload', href }
      document.head.append(Object.assign(document.createElement('link'), link))
    }
  }

  const { photos } = document.currentScript!.dataset
  const begin = (session: Session | undefined): void => {
    if (!session) return /^\/(invite|forgot|reset|confirm-email)$/.test(location.pathname) ? undefined : ask('/api/onboarding', null)
    if (photos) preload(photos)
    const isFresh = Date.parse(session.expiresAt) > Date.now()
    if (isFresh && /^\/($|photo\/)/.test(location.pathname)) ask('/api/timeline', `Bearer ${session.accessToken}`)
  }

  const opening = indexedDB.open('pinhole')
  // There is none yet: the page makes it.
  opening.onupgradeneeded = () => opening.transaction!.abort()
  opening.onerror = (event) => {
    event.preventDefault()
    begin(undefined)
  }
  opening.onsuccess = () => {
    const reading = opening.result.transaction('session').objectStore('session').get('current')
    opening.result.close()
    reading.onsuccess = () => begin(reading.result as Session | undefined)
  }
}
