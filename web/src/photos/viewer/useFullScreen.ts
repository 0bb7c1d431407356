import { onBeforeUnmount, onMounted, ref, type Ref } from 'vue'

/** Only the player of iPhones goes there, by itself. */
type OnIphone = HTMLVideoElement & { webkitEnterFullscreen?: () => void }

/** Has the whole screen for `stage`; where a browser gives that to videos alone, for `film`. */
export function useFullScreen(stage: Readonly<Ref<HTMLElement | null>>, film: Readonly<Ref<HTMLVideoElement | null>>) {
  const isFull = ref(false)
  const follow = () => (isFull.value = document.fullscreenElement !== null)

  async function toggle(): Promise<void> {
    if (document.fullscreenElement) await document.exitFullscreen()
    else if (document.fullscreenEnabled) await stage.value!.requestFullscreen()
    else (film.value as OnIphone | null)?.webkitEnterFullscreen?.()
  }

  onMounted(() => document.addEventListener('fullscreenchange', follow))
  onBeforeUnmount(() => {
    document.removeEventListener('fullscreenchange', follow)
    if (document.fullscreenElement) void document.exitFullscreen()
  })

  return { isFull, toggle }
}

/** Out of the page, into a window that stays above others; or back. */
export async function togglePictureInPicture(film: HTMLVideoElement | null): Promise<void> {
  if (document.pictureInPictureElement) await document.exitPictureInPicture()
  // Only what has begun to load can go there.
  else if (film && film.readyState > 0 && document.pictureInPictureEnabled) await film.requestPictureInPicture()
}
