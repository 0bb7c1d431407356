/** The place in the tab's history that was come back to: by a reload, by Back, or by Forward. */
let cameBackTo: unknown
const [navigation] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[]
if (navigation?.type !== 'navigate') cameBackTo = placeInHistory()
// Imported before the router listens: as soon as that hears of it, the page is there.
window.addEventListener('popstate', () => (cameBackTo = placeInHistory()))

/** As the router counts. */
function placeInHistory(): unknown {
  return (window.history.state as { position?: number } | null)?.position
}

/** Whether the page was there before, and was not just led to. */
export function cameBack(): boolean {
  return cameBackTo !== undefined && cameBackTo === placeInHistory()
}
