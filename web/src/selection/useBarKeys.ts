import { onBeforeUnmount, onMounted } from 'vue'
import { useRoute } from 'vue-router'
import { isUnwanted } from '../app/letterKeys'

/** Keys for what is chosen, wherever the focus is but in a field, a dialog, a menu or the viewer. `act` tells whether it was for it. */
export function useBarKeys(act: (key: string) => boolean): void {
  const route = useRoute()
  function handle(event: KeyboardEvent): void {
    if (event.defaultPrevented || route.meta.isViewer || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return
    if ((event.target as Element).closest?.('input, textarea, select, dialog, [role=menu]')) return
    if (!isUnwanted(event) && act(event.key)) event.preventDefault()
  }
  onMounted(() => document.addEventListener('keydown', handle))
  onBeforeUnmount(() => document.removeEventListener('keydown', handle))
}
