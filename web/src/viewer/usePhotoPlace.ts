import { computed, onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue'
import { messageOf, Problem } from '../api/problem'
import { months, sections } from '../timeline/library'
import { columnsAt, type Place, type Section } from '../timeline/monthStore'
import { itemDetails } from './itemDetails'

export type Shown = { id: string; section: Section; index: number }

/** Finds the photo of an id in the library, with those before and after it, loading their months where needed. */
export function usePhotoPlace(id: Readonly<Ref<string>>) {
  const failure = shallowRef<{ isMissing: boolean; message: string } | null>(null)
  const isLooking = ref(false)

  const place = computed(() => (sections.value, months.locate(id.value)))
  const current = computed(() => shown(place.value))
  const previous = computed(() => shown(beside(-1)))
  const next = computed(() => shown(beside(1)))

  function beside(step: 1 | -1): Place | null {
    return place.value && months.neighbour(place.value, step)
  }

  function shown(at: Place | null): Shown | null {
    const section = at && sections.value[at.position]
    const columns = section && columnsAt(section, at.index)
    return columns ? { id: columns.ids[at!.index]!, section: section!, index: at!.index } : null
  }

  /** The month of a deep link is only known from the item. */
  async function look(): Promise<void> {
    const asked = id.value
    failure.value = null
    isLooking.value = true
    try {
      const { takenAtLocal } = await itemDetails(asked)
      await months.load(takenAtLocal.slice(0, 7))
      if (asked === id.value && !place.value) failure.value = { isMissing: true, message: '' }
    } catch (error) {
      if (asked !== id.value || place.value) return
      failure.value = {
        isMissing: error instanceof Problem && error.status === 404,
        message: messageOf(error),
      }
    } finally {
      if (asked === id.value) isLooking.value = false
    }
  }

  watch([id, place], () => !place.value && !isLooking.value && void look(), { immediate: true })

  // The months on either side are loaded before anyone turns to them, and its own as soon as it changes.
  watch(
    place,
    (at) => {
      if (!at) return
      const near = [at, beside(1), beside(-1)].flatMap((one) => (one ? [sections.value[one.position]!.month] : []))
      months.view([...new Set(near)])
    },
    { immediate: true },
  )
  onScopeDispose(() => months.view([]))

  /** The id of the neighbour, once it is here; null at the end of the library. */
  async function neighbourId(step: 1 | -1): Promise<string | null> {
    const at = beside(step)
    if (at && !shown(at)) await months.load(sections.value[at.position]!.month)
    return shown(beside(step))?.id ?? null
  }

  return { current, previous, next, failure, look, neighbourId }
}
