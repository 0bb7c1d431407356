const DAY_S = 86_400

/** By how much photos are shifted, as people say it. */
export type Shift = { isEarlier: boolean; days: number; hours: number; minutes: number }

export function secondsOf({ isEarlier, days, hours, minutes }: Shift): number {
  return (isEarlier ? -1 : 1) * (days * DAY_S + hours * 3600 + minutes * 60)
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

/** Coordinates as people write them, `38.72, -9.14`; null for anything else. Degrees. */
export function coordinatesOf(text: string): { latitude: number; longitude: number } | null {
  const [, latitude, longitude] = /^\s*([-+]?\d{1,2}(?:\.\d+)?)\s*[,;\s]\s*([-+]?\d{1,3}(?:\.\d+)?)\s*$/.exec(text) ?? []
  if (latitude === undefined || Math.abs(Number(latitude)) > 90 || Math.abs(Number(longitude)) > 180) return null
  return { latitude: Number(latitude), longitude: Number(longitude) }
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
