const DAY_S = 86_400

/** By how much photos are shifted, as people say it. A field that was emptied is ''. */
export type Shift = { isEarlier: boolean } & Record<'days' | 'hours' | 'minutes', number | ''>

export function secondsOf({ isEarlier, days, hours, minutes }: Shift): number {
  return (isEarlier ? -1 : 1) * (Number(days) * DAY_S + Number(hours) * 3600 + Number(minutes) * 60)
}

/** A naive local time so many seconds later: `2024-07-14T10:30:00`; null beyond what a date can be. */
export function shifted(local: string, seconds: number): string | null {
  const moment = new Date(Date.parse(`${local.replace(/Z$/, '')}Z`) + seconds * 1000)
  const year = moment.getUTCFullYear()
  return year >= 1 && year <= 9999 ? moment.toISOString().slice(0, 19) : null
}

/** The date and the time of a naive local time, as fields of a form hold them. */
export function partsOf(local: string): { date: string; time: string } {
  return { date: local.slice(0, 10), time: local.slice(11, 19) }
}

/** The offsets that clocks on earth have, in seconds; with another that a photo has. */
export function offsets(own: number | null): number[] {
  const whole = Array.from({ length: 27 }, (_, index) => (index - 12) * 3600)
  const odd = [-9.5, -3.5, 3.5, 4.5, 5.5, 5.75, 6.5, 8.75, 9.5, 10.5, 12.75].map((hours) => hours * 3600)
  return [...new Set([...whole, ...odd, ...(own === null ? [] : [own])])].sort((a, b) => a - b)
}

const NUMBER = String.raw`\d{1,3}(?:[.,]\d+)?`
/** Degrees; with their sign there may be minutes and seconds. */
const SIZE = String.raw`([-+]?${NUMBER})\s*(?:°\s*(?:(${NUMBER})\s*['′’]\s*)?(?:(${NUMBER})\s*(?:["″”]|''|′′)\s*)?)?`
const PAIRS = [String.raw`${SIZE}([NSEW])?`, String.raw`([NSEW])\s*${SIZE}`].map(
  (angle) => new RegExp(String.raw`^${angle}(?:\s*[,;]\s*|\s+|(?<=[°'′’"″”NSEW]))${angle}$`, 'i'),
)

/**
 * Coordinates as people write them, in degrees: `38.72, -9.14`, `38,72 -9,14`, `38°43'N 9°8'W`. Null for anything else, `beyond`
 * where they lead beyond the earth.
 */
export function coordinatesOf(text: string): { latitude: number; longitude: number } | 'beyond' | null {
  const written = text.trim().replaceAll('−', '-')
  const found = PAIRS.map((pair) => pair.exec(written)).find((one) => one !== null)
  if (!found) return null
  const [first, second] = [angleOf(found.slice(1, 5)), angleOf(found.slice(5, 9))]
  if (!first || !second || (first.axis && first.axis === second.axis)) return null
  const isSwapped = first.axis === 'longitude' || second.axis === 'latitude'
  const [latitude, longitude] = isSwapped ? [second.degrees, first.degrees] : [first.degrees, second.degrees]
  return Math.abs(latitude) > 90 || Math.abs(longitude) > 180 ? 'beyond' : { latitude, longitude }
}

type Angle = { degrees: number; axis: 'latitude' | 'longitude' | null }

/** Null where it has as many minutes or seconds as there are not. `parts`: degrees, minutes, seconds, and a letter at an end. */
function angleOf(parts: (string | undefined)[]): Angle | null {
  const letter = parts.find((part) => /^[NSEW]$/i.test(part ?? ''))?.toUpperCase()
  const [degrees, minutes, seconds] = parts.filter((part) => part?.toUpperCase() !== letter || !letter)
  const [minute, second] = [numberOf(minutes), numberOf(seconds)]
  if (minute >= 60 || second >= 60) return null
  const size = Math.abs(numberOf(degrees)) + minute / 60 + second / 3600
  const isNegative = degrees!.startsWith('-') !== (letter === 'S' || letter === 'W')
  return { degrees: isNegative ? -size : size, axis: !letter ? null : 'NS'.includes(letter) ? 'latitude' : 'longitude' }
}

function numberOf(text = '0'): number {
  return Number(text.replace(',', '.'))
}

/** Words with commas between them, each once. Of `known` ones some may hold a comma themselves, as files have them. */
export function wordsOf(text: string, known: readonly string[] = []): string[] {
  const longestFirst = known.filter((word) => word.includes(',')).sort((a, b) => b.length - a.length)
  const words = new Set<string>()
  for (let rest = text.trim(); rest; rest = rest.trim()) {
    const whole = longestFirst.find((word) => rest.startsWith(word) && /^\s*(,|$)/.test(rest.slice(word.length)))
    const word = whole ?? rest.split(',', 1)[0]!
    if (word.trim()) words.add(word.trim())
    rest = rest.slice(word.length).replace(/^\s*,/, '')
  }
  return [...words]
}
