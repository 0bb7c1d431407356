import { computed, shallowRef, type ComputedRef } from 'vue'
import { Problem } from '../api/problem'
import { forgetDetails, itemDetails, type ItemDetails } from '../photos/itemDetails'
import { type Done, editOne } from './changes'
import type { Edited, Save } from './edited'

/**
 * One photo as a dialog shows it, and what writes of it: as of the revision that the dialog was opened with, whatever the page
 * learns of the photo meanwhile. Where it was changed elsewhere, what is known then is shown, and written of by the next try.
 */
export function oneEdited(opened: ItemDetails, done: Done): { edited: ComputedRef<Edited>; save: Save } {
  const shown = shallowRef(opened)
  const edited = computed<Edited>(() => ({ count: 1, known: [shown.value], newest: null, oldest: null }))

  const save: Save = async (edit) => {
    const { id, revision } = shown.value
    try {
      await editOne(id, revision, edit, done)
    } catch (error) {
      if (error instanceof Problem && error.status === 412) {
        forgetDetails()
        shown.value = await itemDetails(id)
      }
      throw error
    }
  }
  return { edited, save }
}
