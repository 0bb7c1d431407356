import { reactive, watch } from 'vue'

const KEY = 'pinhole.sound'

/** How loud videos are, 0 to 1, and whether they are silent: kept for the next one. */
export const sound = reactive(read())

function read(): { volume: number; isMuted: boolean } {
  const [volume, muted] = (localStorage.getItem(KEY) ?? '').split(' ')
  const number = parseFloat(volume!)
  return { volume: number >= 0 && number <= 1 ? number : 1, isMuted: muted === 'muted' }
}

watch(sound, ({ volume, isMuted }) => localStorage.setItem(KEY, `${volume} ${isMuted ? 'muted' : 'heard'}`), { flush: 'sync' })
