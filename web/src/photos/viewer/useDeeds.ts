import { computed, onScopeDispose, shallowRef, watch, type Ref } from 'vue'
import { messageOf } from '../../api/problem'
import { type Action, actionsOf, areFavourites } from '../../edits/actions'
import { editMany } from '../../edits/changes'
import { selectionOf } from '../../selection/listSelection'
import { texts } from '../../texts/texts'
import { notify } from '../../ui/notices'
import { locate, type PhotoList } from '../photoList'
import type { Shown } from './usePhotoPlace'

/**
 * What can be done with the photo that is shown. `leave` goes on to another, where it is not in the list any more; `show` to
 * one that has come back to it.
 */
export function useDeeds(list: PhotoList, current: Readonly<Ref<Shown | null>>, leave: () => Promise<void>, show: (id: string) => Promise<unknown>) {
  const selection = selectionOf(list)
  /** What was wished for, until the list tells what is. */
  const wished = shallowRef<{ id: string; isFavourite: boolean } | null>(null)
  watch(
    () => current.value?.section,
    () => (wished.value = null),
  )

  const isFavourite = computed(() => {
    const at = current.value
    if (!at) return false
    return wished.value?.id === at.id ? wished.value.isFavourite : areFavourites(at.section, at.index)
  })
  const actions = computed(() => actionsOf(list, isFavourite.value))
  const isChosen = computed(() => {
    const place = current.value && locate(selection.now.sections, current.value.id)
    return place !== null && selection.now.has(place)
  })

  let stopWaiting = () => {}
  let isGone = false
  onScopeDispose(() => {
    isGone = true
    stopWaiting()
  })

  /** On to a photo whose leaving was undone, as soon as the list has it again. */
  function comeBackTo(id: string): void {
    stopWaiting()
    if (isGone) return
    async function look(): Promise<void> {
      await list.find(id).catch(() => null) // Once the list has changed again, it is tried again.
      if (isGone || !locate(list.sections, id)) return
      stopWaiting()
      await show(id)
    }
    stopWaiting = watch(() => list.sections, look)
    void look()
  }

  async function act({ name, edit, done, leaves }: Action): Promise<void> {
    const at = current.value
    if (!at) return
    if (name === 'favourite' || name === 'unfavourite') wished.value = { id: at.id, isFavourite: name === 'favourite' }
    try {
      await editMany([{ ids: [at.id] }], edit, done, () => leaves && comeBackTo(at.id))
      if (leaves && current.value?.id === at.id) await leave()
    } catch (error) {
      wished.value = null
      notify(texts.edits.notDone(1, messageOf(error)))
    }
  }

  function actByKey(key: string): void {
    const action = actions.value.find((one) => one.key === key)
    if (action) void act(action)
  }

  function toggleChosen(): void {
    const place = current.value && locate(selection.now.sections, current.value.id)
    if (place) selection.toggle(place)
  }

  return { actions, isFavourite, isChosen, act, actByKey, toggleChosen }
}
