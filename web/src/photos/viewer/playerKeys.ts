import { isUnwanted } from '../../app/letterKeys'
import type { Moving } from './useMoving'

/** Seconds. */
const SHORT_WAY = 5
const LONG_WAY = 10

/**
 * Whether a key was for the video, or the clip, that is shown. Arrows are where one of the player's controls has the focus: else they
 * turn to other photos.
 */
export function playByKey(event: KeyboardEvent, moving: Moving): boolean {
  const { player, isVideo, isLive, isClipWanted } = moving
  // All keys are those of the panorama then, but for the one that leads back.
  if (moving.isLookingAround.value) return event.key !== 'Escape'
  if (!isVideo.value && !isLive.value) return false
  const target = event.target as Element
  const isOnPlayer = target.closest('.player') !== null
  const play = () => (isVideo.value ? player.toggle() : moving.playClip(!isClipWanted.value))
  const actions: Record<string, () => void> = {
    ' ': play,
    k: play,
    ArrowLeft: () => player.seekBy(-SHORT_WAY),
    ArrowRight: () => player.seekBy(SHORT_WAY),
    j: () => player.seekBy(-LONG_WAY),
    l: () => player.seekBy(LONG_WAY),
    ',': () => player.step(-1),
    '.': () => player.step(1),
    '<': () => player.changeSpeed(-1),
    '>': () => player.changeSpeed(1),
    m: () => player.toggleSound(),
    p: () => moving.togglePicture(),
    F: () => moving.toggleFullScreen(),
  }
  const action = actions[event.key]
  const isOfAnother = (event.key.startsWith('Arrow') && !isOnPlayer) || (!isVideo.value && action !== play)
  // A button that has the focus is pressed by the space bar.
  const isOfButton = event.key === ' ' && target.closest('button, a') !== null
  if (!action || isOfAnother || isOfButton || isUnwanted(event)) return false
  event.preventDefault()
  action()
  return true
}
