import type { components } from '../../api/schema'
import type { Point, Size } from './zoom'

type Box = components['schemas']['Box']

/** As `line-height` of the labels. */
const LABEL_HEIGHT = 18
/** A box that is not so many labels high holds none: it would be hidden by it. */
const LEAST_LABELS_HIGH = 4

/** Something on the picture, and how wide the label with its name is. Pixels of the screen. */
export type Labelled = { box: Box; width: number; isFace: boolean }
/** The upper left of a label. `isClear`: nothing is hidden by it. */
export type LabelPlace = Point & { isClear: boolean }

/**
 * Where the labels of things go, those that come first before the others: within the picture, and where there is room
 * clear of `faces`, of what is as small as one, and of each other. In the order of `things`; pixels of the screen.
 */
export function placeLabels(things: Labelled[], faces: Box[], picture: Size): LabelPlace[] {
  const kept = [...faces, ...things.filter(isSmall).map(({ box }) => box)]
  return things.map((thing) => {
    const places = placesOf(thing).map(({ x, y }) => within(picture, { left: x, top: y, width: thing.width, height: LABEL_HEIGHT }))
    const clear = places.find((place) => !kept.some((box) => overlap(place, box)))
    if (clear) kept.push(clear)
    // Without room it goes where most of its thing can be seen.
    const { left, top } = clear ?? places.find((place) => !overlap(place, thing.box)) ?? places[0]!
    return { x: left, y: top, isClear: clear !== undefined }
  })
}

/** Where a label may go, the best first. That of a person is best above, where the face has its own below. */
function placesOf(thing: Labelled): Point[] {
  const { left, top, height } = thing.box
  const above = { x: left, y: top - LABEL_HEIGHT }
  const below = { x: left, y: top + height }
  if (thing.isFace) return [below, above]
  return isSmall(thing) ? [above, below] : [above, below, { x: left, y: top }, { x: left, y: top + height - LABEL_HEIGHT }]
}

function isSmall({ box, width }: Labelled): boolean {
  return box.height < LEAST_LABELS_HIGH * LABEL_HEIGHT || box.width < width
}

function within(picture: Size, label: Box): Box {
  const bounded = (at: number, room: number) => Math.max(0, Math.min(at, room))
  return { ...label, left: bounded(label.left, picture.width - label.width), top: bounded(label.top, picture.height - label.height) }
}

/** Whether two boxes have more in common than an edge, and the error of adding shares. */
function overlap(a: Box, b: Box): boolean {
  const common = (from: number, length: number, other: number, otherLength: number) =>
    Math.min(from + length, other + otherLength) - Math.max(from, other) > 0.01
  return common(a.left, a.width, b.left, b.width) && common(a.top, a.height, b.top, b.height)
}
