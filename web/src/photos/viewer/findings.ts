import type { components } from '../../api/schema'

export type Analysis = components['schemas']['Analysis']
type Box = components['schemas']['Box']
type Line = components['schemas']['TextLine']
type Size = { width: number; height: number }

/** What has a place in a picture, once for all of its kind. `name` is empty for faces. */
export type Finding = { key: string; name: string; boxes: Box[] }

/** Faces, then objects by their names, in the order of the analysis. */
export function findingsOf({ faces, objects }: Analysis): Finding[] {
  const found: Finding[] = faces.length ? [{ key: 'faces', name: '', boxes: faces.map(({ box }) => box) }] : []
  for (const name of new Set(objects.map((one) => one.name))) {
    found.push({ key: `object ${name}`, name, boxes: objects.filter((one) => one.name === name).map(({ box }) => box) })
  }
  return found
}

/** All lines that were read, for other programs. */
export function textOf({ text }: Analysis): string {
  return text.map((line) => line.text).join('\n')
}

/**
 * Where a line of text lies: `x` and `y` of its upper left as shares of the picture, its height as a share of the
 * picture's, clockwise `turn` in radians, and how much wider than its font's it is. `widthOf` measures a text in ems.
 */
export type Placed = { text: string; x: number; y: number; height: number; turn: number; stretch: number }

export function placed(line: Line, picture: Size, widthOf: (text: string) => number): Placed {
  let [a, b, c, d] = line.corners.map(({ x, y }) => ({ x: x * picture.width, y: y * picture.height })) as [Corner, Corner, Corner, Corner]
  // Read from right to left, it still is written with its left end to the left.
  if ((b.x - a.x) * (d.y - a.y) < (b.y - a.y) * (d.x - a.x)) [a, b, c, d] = [b, a, d, c]
  const width = (distance(a, b) + distance(d, c)) / 2
  const height = Math.max(1, (distance(a, d) + distance(b, c)) / 2)
  return {
    text: line.text,
    x: a.x / picture.width,
    y: a.y / picture.height,
    height: height / picture.height,
    turn: Math.atan2(b.y - a.y, b.x - a.x),
    stretch: width / height / (widthOf(line.text) || 1),
  }
}

type Corner = { x: number; y: number }

function distance(a: Corner, b: Corner): number {
  return Math.hypot(b.x - a.x, b.y - a.y)
}
