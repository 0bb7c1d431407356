/** Has a player let go of what it holds: else it goes on loading until somebody collects it. */
export function free(film: HTMLVideoElement): void {
  film.pause()
  film.removeAttribute('src')
  film.load()
}
