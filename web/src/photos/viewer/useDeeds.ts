import { computed, shallowRef, watch, type Ref } from 'vue'
import { messageOf } from '../../api/problem'
import { type Action, actionsOf, areFavourites } from '../../edits/actions'
import { editMany } from '../../edits/changes'
import { selectionOf } from '../../selection/listSelection'
import { texts } from '../../texts/texts'
import { insist } from '../../ui/notices'
import { locate, type PhotoList } from '../photoList'
import type { Shown } from './usePhotoPlace'

/**
 * What can be done with the photo that is shown. `leave` goes on to another, where it is not in the list any more, and `comeBack`
 * goes back to it once that is undone.
 */
export function useDeeds(
  list: PhotoList,
  current: Readonly<Ref<Shown | null>>,
  leave: () => Promise<void>,
  comeBack: (id: string) => void,
) {
  const selection = selectionOf(list)
  /** What was wished for, until the list tells the same: what it tells before may have been asked for earlier. */
  const wished = shallowRef<{ id: string; isFavourite: boolean } | null>(null)
  watch(
    () => list.sections,
    (sections) => {
      const place = wished.value && locate(sections, wished.value.id)
      if (place && areFavourites(sections[place.position]!, place.index) === wished.value!.isFavourite) wished.value = null
    },
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

  async function act({ name, edit, done, leaves }: Action): Promise<void> {
    const at = current.value
    if (!at) return
    if (name === 'favourite' || name === 'unfavourite') wished.value = { id: at.id, isFavourite: name === 'favourite' }
    try {
      await editMany([{ ids: [at.id] }], edit, done, () => {
        wished.value = null
        if (leaves) comeBack(at.id)
      })
      if (leaves && current.value?.id === at.id) await leave()
    } catch (error) {
      wished.value = null
      insist(texts.edits.notDone(1, messageOf(error)))
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
