import { nextTick, watch, type Ref } from 'vue'
import { messageOf } from '../api/problem'
import { isWriting } from '../app/fields'
import { insist } from '../ui/notices'
import { firstOf, monthDays } from './days/monthDays'
import type { GridLayout } from './gridLayout'
import type { PhotoList } from './photoList'
import type { useGridKeys } from './useGridKeys'
import type { useViewport } from './useViewport'
import { wishedPlace } from './wishedPlace'

/** Leads to the date that was asked for, maybe before there was a grid to show it: at once to its month, then to its day. */
export function useWishedPlace(
  list: () => PhotoList,
  layout: Readonly<Ref<GridLayout>>,
  viewport: ReturnType<typeof useViewport>,
  keys: ReturnType<typeof useGridKeys>,
): void {
  async function goTo(key: string): Promise<string | null> {
    const { sections } = list()
    const position = sections.findIndex((section) => section.key <= key)
    if (position < 0) return null
    viewport.scrollTo(layout.value.tops[position]! - viewport.covered)
    if (!isWriting()) await keys.focus({ position, index: 0 })
    return sections[position]!.key
  }

  async function goOnTo(key: string, day: number): Promise<void> {
    try {
      await list().load(key)
    } catch (error) {
      insist(messageOf(error))
      return
    }
    await nextTick() // The focus went on to the photo that has come.
    // Who has gone somewhere else meanwhile stays there.
    const position = list().sections.findIndex((section) => section.key === key)
    const isHere = keys.place.value?.position === position && keys.place.value.index === 0
    const index = position < 0 || !isHere ? null : firstOf(monthDays(list().sections[position]!), day)
    if (!index) return
    const { top } = layout.value.rowBox(position, index)
    const isFirstRow = layout.value.rowOf(position, index) === 0
    // The name of its month, or its own, is not to be cut by the header.
    viewport.scrollTo((isFirstRow ? layout.value.tops[position]! : top - keys.margin) - (isFirstRow ? viewport.covered : 0))
    await keys.focus({ position, index })
  }

  watch(
    [wishedPlace, () => viewport.width.value > 0],
    async ([wished, isLaidOut]) => {
      if (wished?.home !== list().home || !isLaidOut) return
      wishedPlace.value = null
      const key = await goTo(wished.key)
      if (key === wished.key && wished.day) await goOnTo(key, wished.day)
    },
    { immediate: true, flush: 'post' },
  )
}
