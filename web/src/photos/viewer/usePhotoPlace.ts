import { computed, onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue'
import { messageOf, Problem } from '../../api/problem'
import { useComeBack } from '../comeBack'
import { columnsAt, locate, neighbour, type PhotoList, type Place, type Section } from '../photoList'

export type Shown = { id: string; section: Section; index: number }

/** Finds the photo of an id in a list, with those before and after it, loading their sections where needed. */
export function usePhotoPlace(list: PhotoList, id: Readonly<Ref<string>>) {
  const failure = shallowRef<{ isMissing: boolean; message: string } | null>(null)
  const isLooking = ref(false)

  const place = computed(() => locate(list.sections, id.value))
  const current = computed(() => shown(place.value))
  const previous = computed(() => shown(beside(-1)))
  const next = computed(() => shown(beside(1)))

  function beside(step: 1 | -1): Place | null {
    return place.value && neighbour(list.sections, place.value, step)
  }

  function shown(at: Place | null): Shown | null {
    const section = at && list.sections[at.position]
    const columns = section && columnsAt(section, at.index)
    return columns ? { id: columns.ids[at!.index]!, section: section!, index: at!.index } : null
  }

  const { failed, done } = useComeBack(() => void look())

  /** A deep link tells nothing but the id. */
  async function look(): Promise<void> {
    const asked = id.value
    isLooking.value = true
    try {
      await list.find(asked)
      if (asked !== id.value) return
      failure.value = place.value ? null : { isMissing: true, message: '' }
      done()
    } catch (error) {
      if (asked !== id.value || place.value) return
      failure.value = {
        isMissing: error instanceof Problem && error.status === 404,
        message: messageOf(error),
      }
      if (!failure.value.isMissing) failed()
    } finally {
      if (asked === id.value) isLooking.value = false
    }
  }

  watch(id, () => {
    failure.value = null
    isLooking.value = false
    done()
  })
  watch([id, place], () => !place.value && !isLooking.value && void look(), { immediate: true })

  // The sections on either side are loaded before anyone turns to them, and its own as soon as it changes.
  watch(
    place,
    (at) => {
      if (!at) return
      const near = [at, beside(1), beside(-1)].flatMap((one) => (one ? [list.sections[one.position]!.key] : []))
      list.view([...new Set(near)])
    },
    { immediate: true },
  )
  onScopeDispose(() => list.view([]))

  /** The id of the neighbour, once it is here; null at the end of the list. */
  async function neighbourId(step: 1 | -1): Promise<string | null> {
    const at = beside(step)
    if (at && !shown(at)) await list.load(list.sections[at.position]!.key)
    return shown(beside(step))?.id ?? null
  }

  return { current, previous, next, failure, look, neighbourId }
}
