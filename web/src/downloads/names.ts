/** What some system does not take in the name of a file. */
const FORBIDDEN = /[\u0000-\u001f\u007f<>:"/\\|?*]/g
const RESERVED = /^(con|prn|aux|nul|(com|lpt)[\d¹²³])(?=[.\s]|$)/i
/** File systems take 255 bytes; there is to be room for a number. */
const MOST_BYTES = 240

/**
 * Gives the files of one item after another names that every system takes, no two alike in one folder: also not by letter
 * case or by how accents are encoded, which some systems don't tell apart. Files of one item stay alike but for their
 * ending: `IMG_1 (2).heic`, `IMG_1 (2).mov`.
 */
export function uniqueNames(): (filenames: readonly string[]) => string[] {
  const taken = new Set<string>()
  /** Of each name the highest number that is taken, so that ten thousand of one name don't count up each time. */
  const latest = new Map<string, number>()

  return (filenames) => {
    const safe = filenames.map(safeName)
    const first = keyOf(safe[0] ?? '')
    for (let number = latest.get(first) ?? 1; ; number++) {
      const names = safe.map((name) => numbered(name, number))
      const keys = new Set(names.map(keyOf))
      if (keys.size < names.length || names.some((name) => taken.has(keyOf(name)))) continue
      latest.set(first, number)
      for (const key of keys) taken.add(key)
      return names
    }
  }
}

function keyOf(name: string): string {
  return name.normalize('NFC').toLowerCase()
}

function safeName(filename: string): string {
  const name = filename.replace(FORBIDDEN, '_').replace(/[. ]+$/, '').replace(RESERVED, '_$1')
  return shortened(name) || 'photo'
}

/** With as much of what is before its ending as there is room for. */
function shortened(name: string): string {
  const bytes = (text: string) => new TextEncoder().encode(text).byteLength
  if (bytes(name) <= MOST_BYTES) return name
  const dot = name.lastIndexOf('.')
  const ending = dot > 0 && bytes(name.slice(dot)) < MOST_BYTES / 2 ? name.slice(dot) : ''
  const stem = new Uint8Array(MOST_BYTES - bytes(ending))
  const { read } = new TextEncoder().encodeInto(name.slice(0, name.length - ending.length), stem) // whole characters only
  return name.slice(0, read) + ending
}

function numbered(name: string, number: number): string {
  if (number === 1) return name
  const dot = name.lastIndexOf('.')
  return dot >= 0 ? `${name.slice(0, dot)} (${number})${name.slice(dot)}` : `${name} (${number})`
}
