import { onScopeDispose, shallowRef, watch, type Ref } from 'vue'
import { messageOf, Problem } from '../../api/problem'
import { onLibraryMoved } from '../../live/live'
import { useComeBack } from '../comeBack'
import { freshPlayback, playback, type Playback } from './playback'

const FIRST_WAIT_MS = 2000
const LONGEST_WAIT_MS = 15_000

/**
 * What there is to play of a photo or video, while it is wanted. What is still being made is asked for again: less and less often,
 * and when the library has moved. `failure`: why nothing is known of it.
 */
export function usePlayback(id: Readonly<Ref<string>>, isWanted: () => boolean) {
  const told = shallowRef<Playback | null>(null)
  const failure = shallowRef('')
  let timer: ReturnType<typeof setTimeout> | undefined
  let wait = FIRST_WAIT_MS
  let asked: Promise<Playback> | null = null

  const { failed, done } = useComeBack(() => void ask(told.value !== null && told.value.source !== null))

  /** `isFresh`: the address that is known may not be good any more. Whether there is something to play by what was told now. */
  async function ask(isFresh = false): Promise<boolean> {
    if (asked && !isFresh) return false
    clearTimeout(timer)
    const mine = (asked = isFresh ? freshPlayback(id.value) : playback(id.value))
    try {
      const found = await mine
      if (mine !== asked) return false
      asked = null
      told.value = found
      failure.value = ''
      done()
      if (found.state === 'making') {
        timer = setTimeout(() => void ask(), wait)
        wait = Math.min(LONGEST_WAIT_MS, wait * 1.2)
      }
      return found.source !== null
    } catch (error) {
      if (mine !== asked) return false
      asked = null
      failure.value = messageOf(error)
      if (error instanceof Problem && error.passing) failed()
      return false
    }
  }

  function stop(): void {
    clearTimeout(timer)
    asked = null
    wait = FIRST_WAIT_MS
    done()
  }

  watch(
    [id, isWanted] as const,
    ([now, wanted], before) => {
      if (now !== before[0]) told.value = null
      failure.value = ''
      stop()
      if (wanted && !told.value?.source) void ask()
    },
    { immediate: true },
  )
  const ignore = onLibraryMoved(() => {
    if (isWanted() && told.value?.state === 'making') void ask()
  })
  onScopeDispose(() => {
    stop()
    ignore()
  })

  return { told, failure, ask }
}
