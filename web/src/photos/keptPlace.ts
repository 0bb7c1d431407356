import { onBeforeUnmount, onMounted } from 'vue'
import type { Anchor } from './scrollAnchor'

const KEY = 'pinhole.place'

/** Where this tab was in a list when its page was left, if the page now comes back: by a reload, or by Back. */
export function keptPlace(home: string): Anchor | null {
  const [navigation] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[]
  const kept = JSON.parse(sessionStorage.getItem(KEY) ?? 'null') as { home: string; anchor: Anchor | null } | null
  sessionStorage.removeItem(KEY)
  return navigation?.type !== 'navigate' && kept?.home === home ? kept.anchor : null
}

/** Keeps the place of a list when the page is left; null at its very top. */
export function useKeptPlace(home: string, anchor: () => Anchor | null): void {
  const keep = () => sessionStorage.setItem(KEY, JSON.stringify({ home, anchor: anchor() }))
  onMounted(() => window.addEventListener('pagehide', keep))
  onBeforeUnmount(() => window.removeEventListener('pagehide', keep))
}
