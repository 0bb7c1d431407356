const GIGABYTE = 1_000_000_000
/** A petabyte: more than any storage has, and fewer bytes than a number holds exactly. */
const MOST_GIGABYTES = 1_000_000

/** Bytes of so many GB as somebody typed them; null where nothing was, undefined where it is no size. */
export function bytesOf(typed: string): number | null | undefined {
  const text = typed.trim().replace(',', '.')
  if (text === '') return null
  if (!/^\d+(\.\d*)?$|^\.\d+$/.test(text)) return undefined
  const gigabytes = Number(text)
  return gigabytes <= MOST_GIGABYTES ? Math.round(gigabytes * GIGABYTE) : undefined
}

/** As it is typed. */
export function gigabytesOf(bytes: number | null): string {
  // Never as 1e-9.
  return bytes === null ? '' : (bytes / GIGABYTE).toFixed(9).replace(/\.?0+$/, '')
}
