import { onScopeDispose, shallowReactive, watchEffect } from 'vue'

/** What is shown, the uppermost last. */
const titles = shallowReactive<(() => string)[]>([])

watchEffect(() => (document.title = [titles.at(-1)?.(), 'Pinhole'].filter(Boolean).join(' – ')))

/** Names what a component shows in the title of the page, as long as it is there. */
export function useTitle(title: () => string): void {
  titles.push(title)
  onScopeDispose(() => titles.splice(titles.indexOf(title), 1))
}
