import { onBeforeUnmount, onMounted, type Ref } from 'vue'
import { isUnwanted } from '../app/letterKeys'
import { beginsDay, dayEnd } from '../photos/item'
import type { PhotoList, Place } from '../photos/photoList'
import type { ListSelection } from './listSelection'

/** Choosing by keys: `handle` those that are for one photo, at `place`; the others wherever the focus is. */
export function useSelectionKeys(list: () => PhotoList, selection: Readonly<Ref<ListSelection>>, isBeneath: () => boolean) {
  /** Whether the key was for it. */
  function handle(event: KeyboardEvent, place: Place): boolean {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return false
    const actions: Record<string, () => unknown> = {
      x: () => selection.value.toggle(place),
      ' ': () => selection.value.toggle(place),
      d: () => list().isByDay && chooseDay(selection.value, place),
      m: () => selection.value.toggleSection(place.position),
    }
    const action = actions[event.key]
    if (!action || isUnwanted(event)) return false
    event.preventDefault()
    action()
    return true
  }

  function handleAnywhere(event: KeyboardEvent): void {
    const isElsewhere = event.target instanceof Element && event.target.closest('input, textarea, select, dialog, [role=menu]')
    if (event.defaultPrevented || isElsewhere || isBeneath() || event.altKey || event.shiftKey) return
    if (event.key === 'Escape' && selection.value.isActive) selection.value.clear()
    if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== 'a') return
    event.preventDefault()
    selection.value.all()
  }

  onMounted(() => document.addEventListener('keydown', handleAnywhere))
  onBeforeUnmount(() => document.removeEventListener('keydown', handleAnywhere))

  return { handle }
}

function chooseDay(selection: ListSelection, { position, index }: Place): void {
  const section = selection.now.sections[position]!
  let first = index
  while (first > 0 && section.columns?.ids[index] && !beginsDay(section.columns, first)) first -= 1
  const end = dayEnd(section, first)
  if (end !== null) selection.toggleRange(position, first, end)
}
