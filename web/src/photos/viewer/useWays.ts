import { onScopeDispose } from 'vue'
import { useRouter } from 'vue-router'
import { messageOf } from '../../api/problem'
import { insist } from '../../ui/notices'
import type { PhotoList } from '../photoList'

/** The ways from a photo to others of the list, and back to its page: none once the viewer is being left, however late they come. */
export function useWays(list: PhotoList, neighbourId: (step: 1 | -1) => Promise<string | null>) {
  const router = useRouter()
  let isLeft = false
  onScopeDispose(() => (isLeft = true))

  async function goTo(id: string): Promise<void> {
    if (!isLeft) await router.replace(list.pathOf(id))
  }

  async function turn(step: 1 | -1): Promise<void> {
    try {
      const found = await neighbourId(step)
      if (found) await goTo(found)
    } catch (error) {
      insist(messageOf(error))
    }
  }

  /** On to the next photo, or the one before where it was the last. */
  async function leave(): Promise<void> {
    const other = (await neighbourId(1)) ?? (await neighbourId(-1))
    if (other) await goTo(other)
    else close()
  }

  /** Once: going back a second time, before the first has arrived, would leave the site. */
  function close(): void {
    if (isLeft) return
    isLeft = true
    const { back } = window.history.state as { back: string | null }
    if (back === list.home) router.back()
    else router.push(list.home).catch(() => {}) // The router tells of it.
  }

  return { turn, goTo, leave, close }
}
