import { thumbHashToAverageRGBA, thumbHashToDataURL } from 'thumbhash'
import { RENDITION_HEIGHTS } from '../api/constants'
import { bytesOf } from './base64'
import type { Columns } from './photoList'

export const [SMALL, MEDIUM, LARGE] = RENDITION_HEIGHTS

type Addresses = Pick<Columns, 'itemKeys' | 'versions' | 'signatures' | 'keyId' | 'thumbExpires' | 'mediaBaseUrl'>

/** Address of a rendition; null for a video that has none yet. */
export function renditionUrl(
  columns: Addresses,
  index: number,
  height: (typeof RENDITION_HEIGHTS)[number],
): string | null {
  const version = columns.versions[index]!
  if (version === 0) return null
  const query = `e=${columns.thumbExpires}&k=${columns.keyId}&s=${columns.signatures[index]}`
  return `${columns.mediaBaseUrl}/media/${columns.itemKeys[index]}/${version}/${height}.webp?${query}`
}

const placeholders = new Map<string, string>()
const MOST_PLACEHOLDERS = 4000

/** A blurred picture, some bytes small, to stand where the photo will be. Empty for none. */
export function placeholder(thumbHash: string): string {
  if (thumbHash === '') return ''
  let url = placeholders.get(thumbHash)
  if (url === undefined) {
    url = thumbHashToDataURL(bytesOf(thumbHash))
    if (placeholders.size >= MOST_PLACEHOLDERS) placeholders.clear()
    placeholders.set(thumbHash, url)
  }
  return url
}

/** The colour of a photo as a whole; undefined for none. */
export function averageColour(thumbHash: string): string | undefined {
  if (thumbHash === '') return undefined
  const { r, g, b } = thumbHashToAverageRGBA(bytesOf(thumbHash))
  return `rgb(${[r, g, b].map((share) => Math.round(share * 255)).join(' ')})`
}
