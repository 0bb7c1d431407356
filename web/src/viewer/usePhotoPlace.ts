import { computed, ref, shallowRef, watch, type Ref } from 'vue'
import { messageOf, Problem } from '../api/problem'
import { months, sections } from '../timeline/library'
import type { Place, Section } from '../timeline/monthStore'
import { itemDetails } from './itemDetails'

export type Shown = { id: string; section: Section; index: number }

/** Finds the photo of an id in the library, with those before and after it, loading their months where needed. */
export function usePhotoPlace(id: Readonly<Ref<string>>) {
  const failure = shallowRef<{ isMissing: boolean; message: string } | null>(null)
  const isLooking = ref(false)

  const place = computed(() => (sections.value, months.locate(id.value)))
  const current = computed(() => shown(place.value))
  const previous = computed(() => shown(place.value && months.neighbour(place.value, -1)))
  const next = computed(() => shown(place.value && months.neighbour(place.value, 1)))

  function shown(at: Place | null): Shown | null {
    const section = at && sections.value[at.position]
    const found = section?.columns?.ids[at!.index]
    return section && found ? { id: found, section, index: at!.index } : null
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
      if (asked !== id.value) return
      failure.value = {
        isMissing: error instanceof Problem && error.status === 404,
        message: messageOf(error),
      }
    } finally {
      if (asked === id.value) isLooking.value = false
    }
  }

  watch([id, place], () => !place.value && !isLooking.value && void look(), { immediate: true })

  // The month on either side is loaded before anyone turns to it.
  watch(
    place,
    (at) => {
      for (const step of [-1, 1] as const) {
        const neighbour = at && months.neighbour(at, step)
        const section = neighbour && sections.value[neighbour.position]
        // What fails here is tried again by the next turn, and shown then.
        if (section && !section.columns) months.load(section.month).catch(() => {})
      }
    },
    { immediate: true },
  )

  /** The id of the neighbour, once its month is here; null at the end of the library. */
  async function neighbourId(step: 1 | -1): Promise<string | null> {
    const at = place.value && months.neighbour(place.value, step)
    const section = at && sections.value[at.position]
    if (!section) return null
    const loaded = await months.load(section.month)
    return loaded?.columns?.ids[Math.min(at.index, loaded.ratios.length - 1)] ?? null
  }

  return { current, previous, next, failure, look, neighbourId }
}
