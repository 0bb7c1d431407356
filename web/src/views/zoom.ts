import { onBeforeUnmount } from 'vue'
import { useRoute } from 'vue-router'
import { cameBack } from '../app/cameBack'
import { views } from '../app/pages'

/** Where the view was that was left last, if for another one. */
let left: string | null = null

/**
 * Keeps the place from one view of the timeline to another: `here` tells it, as a month (`2019-07`) or a year (`2019`).
 * Returns the place to go to, which an address may name too: `/months#2019`. Null: none, or a page that comes back, which
 * knows its own.
 */
export function useZoom(here: () => string | null): string | null {
  const route = useRoute()
  const wished = cameBack() ? null : /^#(\d{4}(-\d{2})?)$/.exec(route.hash)?.[1] ?? left
  left = null
  onBeforeUnmount(() => {
    const isView = route.name === 'timeline' || views.some(({ name }) => name === route.name)
    left = isView ? here() : null
  })
  return wished
}
