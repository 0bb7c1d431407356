import { computed, onScopeDispose, watch, type Ref } from 'vue'
import { itemDetails, type ItemDetails } from '../itemDetails'
import { onPicture } from './onPicture'

/** Who turns pages faster looks at none of them. */
const LOOKED_AT_MS = 400

/** Details of the photo that is shown: `shown` once it was looked at for a moment, `load` at once. Throws Problem. */
export function useShownDetails(id: Readonly<Ref<string>>) {
  const shown = computed(() => (onPicture.details?.id === id.value ? onPicture.details : null))

  async function load(): Promise<ItemDetails> {
    const asked = id.value
    const found = await itemDetails(asked)
    if (asked === id.value) onPicture.details = found
    return found
  }

  watch(
    id,
    (_now, _before, onCleanup) => {
      // Without them it has no words but its date, and whoever wants details is told why there are none.
      const timer = setTimeout(() => shown.value ?? load().catch(() => null), LOOKED_AT_MS)
      onCleanup(() => clearTimeout(timer))
    },
    { immediate: true },
  )
  onScopeDispose(() => (onPicture.details = null))

  return { shown, load }
}
