/** What some system does not take in the name of a file. */
const FORBIDDEN = /[\u0000-\u001f\u007f<>:"/\\|?*]/g
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/i

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
  return name || 'photo'
}

function numbered(name: string, number: number): string {
  if (number === 1) return name
  const dot = name.lastIndexOf('.')
  return dot > 0 ? `${name.slice(0, dot)} (${number})${name.slice(dot)}` : `${name} (${number})`
}
