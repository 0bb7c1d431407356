import { computed, ref, watch, type Ref } from 'vue'
import { texts } from '../../texts/texts'
import { hasClip, isVideo as isVideoAt, surrounds } from '../item'
import type { ItemDetails } from '../itemDetails'
import { sound } from '../playing/sound'
import { usePlayback } from '../playing/usePlayback'
import { usePlayer } from '../playing/usePlayer'
import { LARGE, renditionUrl } from '../renditions'
import { togglePictureInPicture, useFullScreen } from './useFullScreen'
import type { Shown } from './usePhotoPlace'
import { useRest } from './useRest'

/** Copies for browsers have no more frames a second. */
const MOST_FRAMES = 60

/**
 * What moves of the item that is shown in `dialog`: a video, which `player` plays; the clip of a photo; a panorama that one can look
 * around in. `isBare`: whether nothing lies over it.
 */
export function useMoving(
  id: Readonly<Ref<string>>,
  current: Readonly<Ref<Shown | null>>,
  details: Readonly<Ref<ItemDetails | null>>,
  dialog: Readonly<Ref<HTMLElement | null>>,
  isBare: Ref<boolean>,
) {
  const is = (what: typeof isVideoAt) => computed(() => current.value !== null && what(current.value.section.columns!, current.value.index))
  const isVideo = is(isVideoAt)
  const isLive = is(hasClip)
  const isAround = is(surrounds)
  /** Whether the clip plays, or is to; and whether this browser can't play it. */
  const isClipWanted = ref(false)
  const isClipLost = ref(false)
  const isLookingAround = ref(false)
  watch(id, () => {
    isClipWanted.value = false
    isLookingAround.value = false
  })

  const { told, failure, ask } = usePlayback(id, () => isVideo.value || isClipWanted.value)
  const source = computed(() => told.value?.source ?? null)
  const frameRate = () => {
    const rate = details.value?.video?.frameRate ?? null
    return rate && !source.value?.isOriginal ? Math.min(MOST_FRAMES, rate) : rate
  }
  const player = usePlayer(() => (isVideo.value ? source.value : null), () => ask(true), frameRate)

  const clip = computed(() => {
    if (!isClipWanted.value || isClipLost.value || !source.value) return null
    return { url: source.value.url, volume: sound.isMuted ? 0 : sound.volume }
  })
  /** Why a clip that is wanted doesn't play, where it doesn't come at once. */
  const note = computed(() => {
    if (!isClipWanted.value || clip.value) return ''
    if (told.value?.state === 'making') return texts.player.clipMaking
    return failure.value || (told.value ? texts.player.clipFailed : '')
  })

  /** Whether it is, or will be. */
  function playClip(isWanted: boolean): boolean {
    isClipWanted.value = isWanted && isLive.value
    isClipLost.value = false
    return isClipWanted.value
  }

  function clipFailed(): void {
    isClipLost.value = true
  }

  const { isFull, toggle: toggleFullScreen } = useFullScreen(dialog, player.film)
  const togglePicture = () => togglePictureInPicture(player.film.value)
  useRest(isBare, () => player.state.isPlaying)

  /** Address of its largest rendition, which a photo has. */
  const largest = computed(() => renditionUrl(current.value!.section.columns!, current.value!.index, LARGE)!)

  function lookAround(): void {
    isLookingAround.value = true
  }

  function leaveAround(): void {
    isLookingAround.value = false
    dialog.value?.focus()
  }

  return {
    ...{ id, isVideo, isLive, isAround, told, failure, source },
    ...{ player, isFullScreen: isFull, toggleFullScreen, togglePicture },
    ...{ clip, isClipWanted, playClip, clipFailed, note },
    ...{ isLookingAround, lookAround, leaveAround, largest },
  }
}

export type Moving = ReturnType<typeof useMoving>
