import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { effectScope, type EffectScope, nextTick, shallowRef } from 'vue'
import type { Source } from '../src/photos/playing/playback'
import { usePlayer, type Player } from '../src/photos/playing/usePlayer'
import { sound } from '../src/photos/playing/sound'

const kept = vi.hoisted(() => {
  const values = new Map<string, string>()
  vi.stubGlobal('localStorage', { getItem: (key: string) => values.get(key) ?? null, setItem: (key: string, value: string) => values.set(key, value) })
  return values
})
const reachable = vi.hoisted(() => ({ value: true }))
vi.mock('../src/api/reachable', () => ({ reachable }))

const NETWORK = 2
const DECODE = 3
const NOT_SUPPORTED = 4

/** What of a `<video>` a player uses. */
class Film {
  src = ''
  currentTime = 0
  duration = 10
  seeking = false
  paused = true
  muted = false
  volume = 1
  playbackRate = 1
  defaultPlaybackRate = 1
  error: { code: number } | null = null
  mayBeHeard = true

  async play(): Promise<void> {
    if (!this.mayBeHeard && !this.muted) throw new DOMException('Not now.', 'NotAllowedError')
    this.paused = false
    tell('play')
    tell('playing')
  }

  pause(): void {
    this.paused = true
    tell('pause')
  }
}

let scope: EffectScope
let film: Film
let player: Player
let frameRate: number | null
const source = shallowRef<Source | null>(null)
const renew = vi.fn(async () => true)

function tell(type: string): void {
  player.events[type]?.({ type, target: film } as unknown as Event)
}

function address(url: string): Source {
  return { url, mimeType: 'video/mp4', width: 640, height: 360, sizeBytes: 1, isOriginal: true, expiresAt: '2026-01-01T00:00:00Z' }
}

async function attach(): Promise<void> {
  player.attach(film as unknown as HTMLVideoElement)
  await nextTick()
  await nextTick()
  tell('loadedmetadata')
}

function at(time: number): void {
  film.currentTime = time
  tell('timeupdate')
}

async function break_(code: number): Promise<void> {
  film.error = { code }
  tell('error')
  await nextTick()
}

let wantsLittleMotion: boolean
let paysForBytes: boolean

beforeEach(() => {
  vi.clearAllMocks()
  vi.stubGlobal('MediaError', { MEDIA_ERR_NETWORK: NETWORK, MEDIA_ERR_DECODE: DECODE })
  vi.stubGlobal('navigator', { get connection() { return { saveData: paysForBytes } } })
  vi.stubGlobal('matchMedia', () => ({ matches: wantsLittleMotion }))
  wantsLittleMotion = paysForBytes = false
  reachable.value = true
  frameRate = 25
  Object.assign(sound, { volume: 1, isMuted: false })
  source.value = address('first')
  film = new Film()
  scope = effectScope()
  player = scope.run(() => usePlayer(() => source.value, renew, () => frameRate))!
})
afterEach(() => scope.stop())

test('a video begins by itself', async () => {
  await attach()
  expect([film.src, film.paused, player.state.isPlaying, player.state.isShown]).toEqual(['first', false, true, true])
})

test.each(['wants little motion', 'pays for each byte'])('for who %s it waits to be started', async (who) => {
  wantsLittleMotion = who === 'wants little motion'
  paysForBytes = !wantsLittleMotion
  await attach()
  expect([film.src, film.paused, player.state.isShown]).toEqual(['first', true, false])
  player.toggle()
  expect(film.paused).toBe(false)
})

test('where the browser lets nothing be heard yet it begins without sound, and the next one is not silent for that', async () => {
  film.mayBeHeard = false
  await attach()
  expect([film.paused, film.muted, player.isMuted.value, sound.isMuted]).toEqual([false, true, true, false])
  player.toggleSound()
  expect([film.muted, sound.isMuted]).toEqual([false, false])
})

test('how loud it is, and whether it is, is kept for the next one', async () => {
  await attach()
  player.setVolume(0.25)
  player.toggleSound()
  expect([film.volume, film.muted, kept.get('pinhole.sound')]).toEqual([0.25, true, '0.25 muted'])
})

test('a step goes to the middle of the next frame, from wherever in a frame it was, and stops what plays', async () => {
  await attach()
  at(1.0)
  player.step(1)
  expect([film.currentTime, film.paused]).toEqual([26.5 / 25, true])
  player.step(-1)
  expect(film.currentTime).toBe(25.5 / 25)
  frameRate = null
  at(2.0)
  player.step(1)
  expect(film.currentTime).toBe(61.5 / 30)
})

test('nobody gets beyond either end', async () => {
  await attach()
  player.seekBy(-5)
  expect(film.currentTime).toBe(0)
  player.seekBy(99)
  expect(film.currentTime).toBe(10)
})

test('the speed goes by steps, ends at both ends, and begins anew with another video', async () => {
  await attach()
  player.changeSpeed(1)
  expect(film.playbackRate).toBe(1.25)
  for (let press = 0; press < 9; press += 1) player.changeSpeed(-1)
  expect(film.playbackRate).toBe(0.25)
  film = new Film()
  await attach()
  expect([film.playbackRate, player.state.speed]).toEqual([1, 1])
})

test('an address that has run out is asked for anew, and it goes on where it was, as fast', async () => {
  await attach()
  player.setSpeed(2)
  at(6)
  await break_(NETWORK)
  expect(renew).toHaveBeenCalledOnce()
  film.paused = true
  film.currentTime = 0
  source.value = address('second')
  await nextTick()
  expect([film.src, film.currentTime, film.paused, film.playbackRate]).toEqual(['second', 6, false, 2])
  expect(player.obstacle.value).toBeNull()
})

test('what was paused when its address ran out stays so', async () => {
  await attach()
  player.toggle()
  await break_(NETWORK)
  source.value = address('second')
  await nextTick()
  expect([film.src, film.paused]).toEqual(['second', true])
})

test.each([
  ['can’t be read', NOT_SUPPORTED, true, 'notPlayable'],
  ['does not come', NETWORK, true, 'notLoaded'],
  ['does not come, for there is no network', NOT_SUPPORTED, false, 'notLoaded'],
])('what %s by a new address either is told', async (_why, code, isReachable, obstacle) => {
  reachable.value = isReachable
  await attach()
  await break_(code)
  expect(player.obstacle.value).toBeNull()
  await break_(code)
  expect([player.obstacle.value, renew.mock.calls.length]).toEqual([obstacle, 1])
})

test('where no other address comes either it is told, until one does', async () => {
  renew.mockResolvedValueOnce(false)
  await attach()
  at(6)
  await break_(NETWORK)
  expect(player.obstacle.value).toBe('notLoaded')
  film.paused = true
  source.value = address('second')
  await nextTick()
  expect([player.obstacle.value, film.src, film.currentTime, film.paused]).toEqual([null, 'second', 6, false])
})

test('a damaged video is told of at once', async () => {
  await attach()
  await break_(DECODE)
  expect([player.obstacle.value, renew.mock.calls.length]).toEqual(['notPlayable', 0])
})

test('what was shown before does nothing to what is shown now', async () => {
  await attach()
  const before = film
  film = new Film()
  await attach()
  player.events.pause!({ type: 'pause', target: before } as unknown as Event)
  expect(player.state.isPlaying).toBe(true)
  player.detach(before as unknown as HTMLVideoElement)
  player.toggle()
  expect(film.paused).toBe(true)
})
