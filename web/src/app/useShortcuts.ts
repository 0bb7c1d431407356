import { onBeforeUnmount, onMounted } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import { FIELDS } from './fields'
import { isUnwanted } from './letterKeys'
import { openPalette, overlay, typedAhead, wantsToSearch } from './overlay'
import { pages, searchPage, views } from './pages'

/** The keys that work on every page: see `keys/keyTable.ts`. */
export function useShortcuts(): void {
  const route = useRoute()
  const router = useRouter()
  let isGoing = false

  function handle(event: KeyboardEvent): void {
    if (['Shift', 'Control', 'Alt', 'Meta'].includes(event.key)) return
    const wasGoing = isGoing
    isGoing = false
    if (event.isComposing || (event.target as Element).closest?.(FIELDS)) return
    if (overlay.value !== null ? wait(event) : wasGoing ? goTo(event) : begin(event)) {
      event.preventDefault()
      // Beneath, the letter may mean something else.
      event.stopPropagation()
    }
  }

  /** Until what was asked for is loaded, no key does anything to what lies beneath. */
  function wait({ key, ctrlKey, metaKey }: KeyboardEvent): boolean {
    if (document.querySelector('dialog[open]')) return false
    if (key === 'Escape') overlay.value = null
    else if (key.length === 1 && !ctrlKey && !metaKey) typedAhead.value += key
    return true
  }

  function begin(event: KeyboardEvent): boolean {
    const { key, altKey } = event
    if (altKey) return false
    if (event.ctrlKey || event.metaKey) {
      if (key.toLowerCase() !== 'k' || event.shiftKey) return false
      openPalette()
      return true
    }
    if (isUnwanted(event)) return false
    isGoing = key === 'g'
    if (key === '?') overlay.value = 'keys'
    else if (key === '/') openSearch()
    else return isGoing
    return true
  }

  /** The viewer lies over the box. */
  function openSearch(): void {
    if (route.meta.isViewer) router.push(searchPage.path).then(() => (wantsToSearch.value = true), () => {}) // The router tells of it.
    else wantsToSearch.value = true
  }

  function goTo(event: KeyboardEvent): boolean {
    const page = [...pages, ...views, searchPage].find(({ key }) => key === event.key)
    if (!page || event.ctrlKey || event.metaKey || event.altKey) return begin(event)
    router.push(page.path).catch(() => {}) // The router tells of it.
    return true
  }

  onMounted(() => window.addEventListener('keydown', handle, true))
  onBeforeUnmount(() => window.removeEventListener('keydown', handle, true))
}
