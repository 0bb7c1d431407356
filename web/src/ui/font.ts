/**
 * Texts are written in the system's font until ours is at hand: on a slow line it takes as long as the page itself, so it
 * comes behind what is seen first. On later visits it is in the browser's cache, and `early.ts` begins with it.
 */
export async function useOwnFont(): Promise<void> {
  const loaded = await document.fonts.load('16px "Inter Variable"').catch(() => [])
  if (loaded.length === 0) return
  document.documentElement.dataset.font = 'own'
  localStorage.setItem('pinhole.font', 'here')
}
