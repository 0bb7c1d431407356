import { computed, reactive, ref, shallowRef, watch } from 'vue'
import { reachable } from '../../api/reachable'
import { mayMove } from './motion'
import type { Source } from './playback'
import { sound } from './sound'

export const SPEEDS = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 2] as const
const USUAL_FRAME_RATE = 30
const HALF_LOUD = 0.5

/** Why a film doesn't play: its bytes don't come, or this browser can't read them. */
export type Obstacle = 'notLoaded' | 'notPlayable'

/** As it is before anything was heard of it. Times in seconds. */
const UNKNOWN = {
  isPlaying: false,
  /** What comes next is not here yet. */
  isWaiting: false,
  /** Whether there is a frame to be seen, instead of the picture that stands for it. */
  isShown: false,
  time: 0,
  duration: 0,
  speed: 1,
  /** The browser lets no sound be heard, for nobody has pressed anything yet. */
  isHushed: false,
}

/**
 * Plays the film that is shown: `source`, in the element that is attached. `renew` has another address of the same made, if it can.
 * `frameRate`: a second, of what is played; null while that is not known.
 */
export function usePlayer(source: () => Source | null, renew: () => Promise<boolean>, frameRate: () => number | null) {
  const film = shallowRef<HTMLVideoElement | null>(null)
  const state = reactive({ ...UNKNOWN })
  const obstacle = ref<Obstacle | null>(null)
  /** Whether it is to play as soon as it can. */
  let goesOn = false
  /** Whether its address was made anew since it last went on. */
  let isRenewed = false

  const isMuted = computed(() => sound.isMuted || sound.volume === 0 || state.isHushed)

  watch(film, () => {
    Object.assign(state, UNKNOWN)
    obstacle.value = null
    isRenewed = false
    goesOn = mayMove()
  })
  watch([film, source], () => {
    if (film.value && source()) open()
  })
  watch(
    [film, () => sound.volume, isMuted],
    () => {
      if (!film.value) return
      film.value.volume = sound.volume
      film.value.muted = isMuted.value
    },
    { flush: 'sync' },
  )

  function attach(element: HTMLVideoElement): void {
    film.value = element
  }

  /** That of the video which is shown next may be there already. */
  function detach(element: HTMLVideoElement): void {
    if (film.value === element) film.value = null
  }

  /** From where it was, which is the beginning of one that was not open yet. */
  function open(): void {
    const element = film.value!
    obstacle.value = null
    element.src = source()!.url
    element.playbackRate = element.defaultPlaybackRate = state.speed
    element.currentTime = state.time
    if (goesOn) void play()
  }

  async function play(): Promise<void> {
    const element = film.value!
    goesOn = true
    try {
      await element.play()
    } catch (error) {
      // What else keeps it from playing is told by an event.
      const isRefused = error instanceof DOMException && error.name === 'NotAllowedError'
      if (!isRefused || element !== film.value) return
      goesOn = !isMuted.value
      state.isHushed = true
      if (goesOn) await play()
    }
  }

  function pause(): void {
    goesOn = false
    film.value!.pause()
  }

  function toggle(): void {
    if (!film.value) return
    if (obstacle.value) void tryAgain()
    else if (film.value.paused) void play()
    else pause()
  }

  function seek(seconds: number): void {
    if (!film.value || !state.duration) return
    state.time = film.value.currentTime = Math.min(state.duration, Math.max(0, seconds))
  }

  function seekBy(seconds: number): void {
    seek(state.time + seconds)
  }

  /** To the middle of a frame: at its edge the one before might be shown. */
  function step(frames: 1 | -1): void {
    if (!film.value) return
    pause()
    const rate = frameRate() ?? USUAL_FRAME_RATE
    const at = film.value.seeking ? state.time : film.value.currentTime
    seek((Math.floor(at * rate + 0.001) + frames + 0.5) / rate)
  }

  function setSpeed(speed: number): void {
    state.speed = speed
    if (film.value) film.value.playbackRate = film.value.defaultPlaybackRate = speed
  }

  /** The next faster one, or slower. */
  function changeSpeed(by: 1 | -1): void {
    const next = SPEEDS[SPEEDS.findIndex((speed) => speed === state.speed) + by]
    if (next) setSpeed(next)
  }

  function toggleSound(): void {
    const isHeard = !isMuted.value
    state.isHushed = false
    sound.isMuted = isHeard
    if (!isHeard && sound.volume === 0) sound.volume = HALF_LOUD
  }

  function setVolume(volume: number): void {
    state.isHushed = false
    Object.assign(sound, { volume, isMuted: false })
  }

  async function tryAgain(): Promise<void> {
    obstacle.value = null
    goesOn = true
    await renewed(film.value!)
  }

  async function renewed(element: HTMLVideoElement): Promise<void> {
    if (!(await renew()) && element === film.value) obstacle.value = 'notLoaded'
  }

  /** Its address may have run out: with another one it goes on. */
  async function missed(element: HTMLVideoElement): Promise<void> {
    const code = element.error?.code
    if (isRenewed || code === MediaError.MEDIA_ERR_DECODE) {
      // Browsers can't tell what they were refused from what they can't read.
      const isUnread = code !== MediaError.MEDIA_ERR_NETWORK && reachable.value
      obstacle.value = isUnread ? 'notPlayable' : 'notLoaded'
      return
    }
    isRenewed = true
    await renewed(element)
  }

  function follow({ seeking, currentTime }: HTMLVideoElement): void {
    if (seeking) return
    if (currentTime > state.time) isRenewed = false
    state.time = currentTime
  }

  const heard: Partial<Record<string, (element: HTMLVideoElement) => void>> = {
    loadedmetadata: ({ duration }) => (state.duration = duration),
    play: () => (state.isPlaying = true),
    pause: () => (state.isPlaying = false),
    ended: () => (goesOn = false),
    waiting: () => (state.isWaiting = true),
    playing: () => Object.assign(state, { isWaiting: false, isShown: true }),
    seeked: () => {
      if (state.time > 0) state.isShown = true
    },
    timeupdate: follow,
    error: (element) => void missed(element),
  }
  /** What the element tells, while it is attached. */
  function hear(event: Event): void {
    if (film.value && event.target === film.value) heard[event.type]?.(film.value)
  }
  const events = Object.fromEntries(Object.keys(heard).map((name) => [name, hear]))

  return { film, attach, detach, state, obstacle, isMuted, events, toggle, seek, seekBy, step, setSpeed, changeSpeed, toggleSound, setVolume, tryAgain }
}

export type Player = ReturnType<typeof usePlayer>
