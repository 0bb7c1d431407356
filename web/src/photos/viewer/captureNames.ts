import type { components } from '../../api/schema'
import { numberName } from '../../texts/formats'
import { texts } from '../../texts/texts'
import type { ItemDetails } from '../itemDetails'

type Camera = components['schemas']['Camera']
type Film = NonNullable<ItemDetails['video']>

/** The camera's name without its make said twice. */
export function cameraName(camera: Camera): string {
  const { make, model } = camera
  if (make && model?.toLowerCase().startsWith(make.split(' ')[0]!.toLowerCase())) return model
  return [make, model].filter(Boolean).join(' ')
}

/**
 * The lens without what the camera's name and the exposure say already: `back camera` of an iPhone, of whose lens the whole
 * name is `iPhone 13 Pro back camera 5.7mm f/1.5`.
 */
export function lensName(camera: Camera): string {
  const lens = camera.lens?.trim() ?? ''
  const said = [cameraName(camera), camera.model ?? '']
  const prefix = said.find((name) => name && lens.toLowerCase().startsWith(name.toLowerCase()))
  if (prefix === undefined) return lens
  const rest = lens.slice(prefix.length).trim()
  const [spec, focalLength, fNumber] = /\s*\b([\d.]+)mm f\/([\d.]+)$/.exec(rest) ?? []
  const isSaid = isSameShown(focalLength, camera.focalLengthMm) && isSameShown(fNumber, camera.fNumber)
  return isSaid ? rest.slice(0, -spec!.length) : rest
}

function isSameShown(inName: string | undefined, known: number | null | undefined): boolean {
  return inName !== undefined && !!known && numberName(Number(inName), 1) === numberName(known, 1)
}

/** `ƒ/1.8 · 1/120 s · 26 mm · ISO 100`, of what is known. */
export function exposureName(camera: Camera): string {
  const { fNumber, exposureSeconds, focalLengthMm, iso } = camera
  const parts: string[] = []
  if (fNumber) parts.push(`ƒ/${numberName(fNumber, 1)}`)
  if (exposureSeconds) {
    const isFraction = exposureSeconds < 0.4
    parts.push(isFraction ? `1/${Math.round(1 / exposureSeconds)} s` : `${numberName(exposureSeconds, 1)} s`)
  }
  if (focalLengthMm) parts.push(`${numberName(focalLengthMm, 1)} mm`)
  if (iso) parts.push(`ISO ${iso}`)
  return parts.join(' · ')
}

/** As people call them, where MediaInfo doesn't. */
const CODECS: Record<string, string> = { AVC: 'H.264', HEVC: 'H.265' }

/** `H.264 · AAC · 30 fps`, and what it was filmed at where that is another rate. */
export function filmLines({ codec, audioCodec, frameRate, captureFrameRate }: Film): string[] {
  const { framesPerSecond, filmedAt } = texts.details
  const names = [codec, audioCodec].filter((name) => name !== null).map((name) => CODECS[name] ?? name)
  const isSlowed = captureFrameRate !== null && Math.round(captureFrameRate) !== Math.round(frameRate ?? 0)
  return [[...names, frameRate ? framesPerSecond(frameRate) : ''].filter(Boolean).join(' · '), isSlowed ? filmedAt(captureFrameRate) : '']
}

/** `UTC+05:30` */
export function offsetName(seconds: number): string {
  const minutes = Math.abs(Math.trunc(seconds / 60))
  const pad = (number: number) => String(number).padStart(2, '0')
  return `UTC${seconds < 0 ? '−' : '+'}${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}`
}

type Time = Pick<ItemDetails, 'utcOffsetSeconds' | 'timezoneName' | 'timeSource' | 'timeConfidence'>

/** What there is to say of a date beside itself: its zone, and where it comes from, unless that is when the photo was taken. */
export function timeLines({ utcOffsetSeconds, timezoneName, timeSource, timeConfidence }: Time): string[] {
  const { zoneUnknown, timeUncertain, timeFrom } = texts.details
  const zone = [utcOffsetSeconds === null ? '' : offsetName(utcOffsetSeconds), timezoneName?.replaceAll('_', ' ')].filter(Boolean).join(' · ')
  const source = timeSource && (timeFrom as Partial<Record<typeof timeSource, string>>)[timeSource]
  // Of what no other doubt is told, the server is uncertain for it knows no zone.
  const isDoubtful = timeConfidence === 'low' && zone !== '' && !source
  return [[zone || zoneUnknown, isDoubtful ? timeUncertain : ''].filter(Boolean).join(' · '), source ?? '']
}
