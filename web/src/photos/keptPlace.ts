import { onBeforeUnmount, onMounted } from 'vue'
import { beforeLeaving } from '../auth/session'
import { cameBack } from '../app/cameBack'
import type { Anchor } from './scrollAnchor'

const KEY = 'pinhole.places'

/** Addresses of lists tell what somebody searched for: nothing is kept for who comes after them in this tab. */
let hasLeft = false
beforeLeaving(() => {
  hasLeft = true
  sessionStorage.removeItem(KEY)
})

function places(): Record<string, Anchor | null> {
  return JSON.parse(sessionStorage.getItem(KEY) ?? '{}') as Record<string, Anchor | null>
}

/** Where this tab was in a list when its page was left, if that page now comes back. */
export function keptPlace(home: string): Anchor | null {
  return cameBack() ? (places()[home] ?? null) : null
}

/** Keeps the place of a list when the page is left; null at its very top. */
export function useKeptPlace(home: string, anchor: () => Anchor | null): void {
  const keep = () => {
    if (!hasLeft) sessionStorage.setItem(KEY, JSON.stringify({ ...places(), [home]: anchor() }))
  }
  onMounted(() => window.addEventListener('pagehide', keep))
  onBeforeUnmount(() => {
    window.removeEventListener('pagehide', keep)
    keep()
  })
}
