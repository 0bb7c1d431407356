import { ref } from 'vue'
import { messageOf } from '../api/problem'
import { keepFocus } from './keepFocus'
import { insist } from './notices'

/** What a button of a row does at once, unless it is doing it already. Where it fails, as by a `Problem`, that is told. */
export function rowAction(act: () => Promise<void>) {
  const busy = ref(false)

  async function go(): Promise<void> {
    if (busy.value) return
    const focusBack = keepFocus()
    busy.value = true
    try {
      await act()
    } catch (error) {
      insist(messageOf(error))
    } finally {
      busy.value = false
      await focusBack()
    }
  }

  return { busy, go }
}
