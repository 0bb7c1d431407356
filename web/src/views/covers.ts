import { computed, onBeforeUnmount, onMounted, shallowRef } from 'vue'
import { answer, api } from '../api/client'
import { Problem } from '../api/problem'
import type { components } from '../api/schema'
import { onLibraryMoved } from '../live/live'
import { useComeBack } from '../photos/comeBack'
import { asking } from '../queue'

type Covers = components['schemas']['LibraryCovers']

/** Signatures are renewed this long before they run out. */
const SIGNATURE_MARGIN_S = 600
const RENEW_MS = 60_000

/** The photos that stand for months; null until they were fetched. */
export const covers = shallowRef<Covers | null>(null)

const places = computed(() => {
  const found = new Map<string, number[]>()
  covers.value?.months.forEach((month, index) => found.set(month, [...(found.get(month) ?? []), index]))
  return found
})

/** Where the covers of a month are among all, the best first. */
export function coversOf(month: string): readonly number[] {
  return places.value.get(month) ?? []
}

/** Keeps the covers current as long as a component shows them. Without them everything still leads where it does. */
export function useCovers(): void {
  const { failed, done } = useComeBack(() => void refresh())
  let stop = () => {}
  let renewal: ReturnType<typeof setInterval> | undefined

  const refresh = asking(async () => {
    try {
      covers.value = await answer(api.GET('/timeline/covers'))
      done()
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      failed()
    }
  })

  onMounted(() => {
    void refresh()
    stop = onLibraryMoved((revision) => {
      if (revision === null || revision !== covers.value?.revision) void refresh()
    })
    renewal = setInterval(() => {
      if (covers.value && covers.value.thumbExpires < Date.now() / 1000 + SIGNATURE_MARGIN_S) void refresh()
    }, RENEW_MS)
  })
  onBeforeUnmount(() => {
    stop()
    clearInterval(renewal)
  })
}
