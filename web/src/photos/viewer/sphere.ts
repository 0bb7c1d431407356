import type { PanoData } from '@photo-sphere-viewer/core'
import type { ItemDetails } from '../itemDetails'
import type { Size } from './zoom'

/** How much of the height one sees in a picture that was swept with a phone held upright, whose file doesn't tell. Degrees. */
const SWEPT_HEIGHT_DEG = 60

type Seen = Pick<ItemDetails, 'projection' | 'fieldOfViewDeg'>

/**
 * Where on the sphere around the eye a panorama lies, of whose place its own file says nothing (GPano): about its middle, as wide as
 * `fieldOfViewDeg` says. Without that a cylinder is as high as phones sweep it; anything else goes all the way round.
 */
export function placeOnSphere({ width, height }: Size, { projection, fieldOfViewDeg }: Seen): PanoData {
  const swept = (height * 360) / SWEPT_HEIGHT_DEG
  const round = fieldOfViewDeg ? (width * 360) / fieldOfViewDeg : projection === 'cylindrical' ? swept : 0
  const fullWidth = Math.round(Math.max(round, width, height * 2))
  const fullHeight = Math.round(fullWidth / 2)
  return {
    fullWidth,
    fullHeight,
    croppedWidth: width,
    croppedHeight: height,
    croppedX: Math.round((fullWidth - width) / 2),
    croppedY: Math.round((fullHeight - height) / 2),
  }
}
