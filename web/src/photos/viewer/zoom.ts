/** How a picture of `box` size lies in a window: enlarged about its middle, then moved. Pixels. */
export type Zoom = { scale: number; x: number; y: number }
export type Size = { width: number; height: number }
export type Point = { x: number; y: number }

export const UNZOOMED: Zoom = { scale: 1, x: 0, y: 0 }
export const DOUBLE_TAP_SCALE = 2.5
/** Even where that shows a pixel twice: some need it to read. */
const LEAST_LARGEST_SCALE = 2

/** The largest size with this ratio that fits into the window, and needs no pixel twice. */
export function fit(ratio: number, frame: Size, pixels: Size | null): Size {
  const width = Math.min(frame.width, frame.height * ratio, pixels?.width ?? Infinity)
  return { width, height: width / ratio }
}

/** How far a picture with so many pixels is enlarged: until each is one of CSS. */
export function largestScale(pixels: Size, box: Size): number {
  return Math.max(LEAST_LARGEST_SCALE, pixels.height / box.height)
}

/** Scale by `factor` so that what lies under `point`, measured from the window's middle, stays under it. */
export function zoomAt(zoom: Zoom, point: Point, factor: number, largest: number): Zoom {
  const scale = Math.min(largest, Math.max(1, zoom.scale * factor))
  const applied = scale / zoom.scale
  return { scale, x: point.x - (point.x - zoom.x) * applied, y: point.y - (point.y - zoom.y) * applied }
}

/** Moved back so far that no edge of the picture comes further in than it must. */
export function bounded({ scale, x, y }: Zoom, box: Size, frame: Size): Zoom {
  const limit = (size: number, room: number) => Math.max(0, (size * scale - room) / 2)
  const clamp = (value: number, most: number) => Math.min(most, Math.max(-most, value)) || 0
  return {
    scale,
    x: clamp(x, limit(box.width, frame.width)),
    y: clamp(y, limit(box.height, frame.height)),
  }
}
