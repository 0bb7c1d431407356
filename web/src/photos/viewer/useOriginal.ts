import { computed, shallowRef, watch, type Ref } from 'vue'
import { itemDetails, type ItemDetails } from '../itemDetails'
import { LARGE } from '../renditions'
import type { Size } from './zoom'

/** Which browsers show as they are. */
const SHOWN = ['image/jpeg', 'image/png', 'image/webp', 'image/gif', 'image/avif', 'image/bmp']
/** Decoded, a pixel takes four bytes. */
const MOST_PIXELS = 120e6

/**
 * The original of a photo, for one that is enlarged beyond its largest rendition: by `scale`, from a `height` in CSS
 * pixels. `pixels` is how much there is to see; `url` is null while a rendition does.
 */
export function useOriginal(id: Readonly<Ref<string>>, scale: () => number, height: () => number) {
  const details = shallowRef<ItemDetails | null>(null)
  const isWanted = computed(() => scale() * height() * window.devicePixelRatio > LARGE)

  const canShow = computed(() => {
    const { mimeType, width, height } = details.value ?? {}
    return SHOWN.includes(mimeType ?? '') && (width ?? 0) * (height ?? Infinity) <= MOST_PIXELS
  })
  const pixels = computed<Size>(() => {
    const { width, height } = details.value ?? {}
    if (!width || !height) return { width: LARGE, height: LARGE }
    const share = canShow.value ? 1 : Math.min(1, LARGE / height)
    return { width: width * share, height: height * share }
  })
  const url = computed(() => {
    const isMore = canShow.value && (details.value!.height ?? 0) > LARGE
    return isWanted.value && isMore ? details.value!.original.url : null
  })

  watch(id, () => (details.value = null))
  watch([id, () => scale() > 1], async ([asked, isEnlarged]) => {
    if (!isEnlarged) return
    // Without them it is enlarged as far as the rendition goes, and whoever wants details is told why there are none.
    const found = await itemDetails(asked).catch(() => null)
    if (asked === id.value) details.value = found
  })

  return { pixels, url }
}
