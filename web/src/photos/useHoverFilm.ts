import { onScopeDispose, shallowRef } from 'vue'
import { playback } from './playing/playback'
import { mayMove } from './playing/motion'

/** A mouse that only passes over a photo plays nothing. */
const PASSING_MS = 300

export type TileFilm = { id: string; url: string; isClip: boolean }

/** The one video, or clip of a photo, of a grid that plays in its tile: that which the mouse rests on. Tiles that have one name their item as `data-film`. */
export function useHoverFilm() {
  const film = shallowRef<TileFilm | null>(null)
  let over = ''
  let timer: ReturnType<typeof setTimeout> | undefined

  function stop(): void {
    clearTimeout(timer)
    over = ''
    film.value = null
  }

  function tileOf(target: EventTarget | null): HTMLElement | null {
    return target instanceof Element ? target.closest<HTMLElement>('[data-film]') : null
  }

  function pointerover(event: PointerEvent): void {
    const tile = tileOf(event.target)
    const id = tile?.dataset.film ?? ''
    if (event.pointerType !== 'mouse' || id === over) return
    stop()
    if (!tile || !mayMove()) return
    over = id
    timer = setTimeout(() => void play(id, tile.dataset.kind === 'clip'), PASSING_MS)
  }

  function pointerout(event: PointerEvent): void {
    if (tileOf(event.relatedTarget)?.dataset.film !== over) stop()
  }

  async function play(id: string, isClip: boolean): Promise<void> {
    // What can't be played is told where one asks for it: in the viewer.
    const told = await playback(id).catch(() => null)
    if (over === id && told?.source) film.value = { id, url: told.source.url, isClip }
  }

  onScopeDispose(stop)

  return { film, stop, pointerover, pointerout }
}
