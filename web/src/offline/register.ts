/** Has the service worker work for this page, once nothing of the first look waits for the network any more. */
export function registerWorker(): void {
  // The development server has none: what was changed must come from it.
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return
  // Who has none is served by the network; the next visit tries again.
  const register = () => void navigator.serviceWorker.register('/sw.js').catch(() => {})
  if (document.readyState === 'complete') register()
  else window.addEventListener('load', register, { once: true })
}
