const DURATION_MS = 220

/** Has an element come to its place from where another one of the same photo was; not for who wants little motion. */
export function comeFrom(element: Element | null | undefined, box: DOMRect | null | undefined): void {
  if (!element || !box || matchMedia('(prefers-reduced-motion: reduce)').matches) return
  const own = element.getBoundingClientRect()
  if (own.width === 0 || box.width === 0) return
  const from = `translate(${box.left - own.left}px, ${box.top - own.top}px) scale(${box.width / own.width}, ${box.height / own.height})`
  const frames = [from, 'none'].map((transform) => ({ transform, transformOrigin: '0 0', zIndex: 3 }))
  // Added to the transform by which a tile lies where it lies.
  element.animate(frames, { duration: DURATION_MS, easing: 'cubic-bezier(0.2, 0.7, 0.2, 1)', composite: 'add' })
}
