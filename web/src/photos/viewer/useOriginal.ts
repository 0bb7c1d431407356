import { computed, shallowRef, watch, type Ref } from 'vue'
import { texts } from '../../texts/texts'
import { itemDetails, type ItemDetails } from '../itemDetails'
import { LARGE } from '../renditions'
import { useFullSize } from './useFullSize'
import type { Size } from './zoom'

/** Which browsers show as they are. */
const SHOWN = ['image/jpeg', 'image/png', 'image/webp', 'image/gif', 'image/avif', 'image/bmp']
export function isShownByBrowsers(mimeType: string): boolean {
  return SHOWN.includes(mimeType)
}

/** Decoded, a pixel takes four bytes. */
const MOST_PIXELS = 120e6

/**
 * All pixels of a photo, for one that is enlarged beyond its largest rendition: by `scale`, from a `height` in CSS
 * pixels. `pixels` is how much there is to see; `url` is the original's or, where browsers can't show that, its full
 * size's, and null while a rendition does. `note` says how that goes, where it needs to be said.
 */
export function useOriginal(id: Readonly<Ref<string>>, scale: () => number, height: () => number) {
  const details = shallowRef<ItemDetails | null>(null)
  watch(id, () => (details.value = null))

  const canShow = computed(() => {
    const { mimeType, width, height } = details.value ?? {}
    return isShownByBrowsers(mimeType ?? '') && (width ?? 0) * (height ?? Infinity) <= MOST_PIXELS
  })
  const pixels = computed<Size>(() => {
    const { kind, width, height } = details.value ?? {}
    if (!width || !height || kind !== 'photo') return { width: LARGE, height: LARGE }
    const share = Math.min(1, Math.sqrt(MOST_PIXELS / (width * height)))
    return { width: width * share, height: height * share }
  })
  const isWanted = computed(() => {
    const isMore = details.value?.kind === 'photo' && (details.value.height ?? 0) > LARGE
    return isMore && scale() * height() * window.devicePixelRatio > LARGE
  })
  const fullSize = useFullSize(id, () => isWanted.value && !canShow.value)
  const url = computed(() => {
    if (!isWanted.value) return null
    return canShow.value ? details.value!.original.url : fullSize.url.value
  })
  const note = computed(() => {
    const { making, failed } = texts.viewer.fullSize
    return { '': '', making, failed }[fullSize.state.value]
  })

  watch([id, () => scale() > 1], async ([asked, isEnlarged]) => {
    if (!isEnlarged) return
    // Without them it is enlarged as far as the rendition goes, and whoever wants details is told why there are none.
    const found = await itemDetails(asked).catch(() => null)
    if (asked === id.value) details.value = found
  })

  return { pixels, url, note }
}
