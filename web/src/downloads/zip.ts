import { makeZip } from 'client-zip'
import type { Entry } from './originals'

/** Where no file can be written as it comes, the browser holds a ZIP until it is whole. */
export const LARGEST_HELD = 1_000_000_000
/** So many files are opened before they are read, since each answer of the store is waited for. */
const AHEAD = 3

/** One ZIP, into a file. When `signal` is aborted, or a file fails, nothing is left of it. */
export function writeZip(entries: AsyncGenerator<Entry>, into: WritableStream<Uint8Array>, signal: AbortSignal): Promise<void> {
  return makeZip(ahead(entries)).pipeTo(into, { signal })
}

/** ZIPs of at most LARGEST_HELD, but where a single file is larger, one after the other. */
export async function* heldZips(entries: AsyncGenerator<Entry>, largest = LARGEST_HELD): AsyncGenerator<Blob> {
  const coming = ahead(entries)
  let next = await coming.next()
  while (!next.done) {
    const part = async function* () {
      let size = 0
      while (!next.done && (size === 0 || size + next.value.size <= largest)) {
        size += next.value.size
        yield next.value
        next = await coming.next()
      }
    }
    yield await new Response(makeZip(part()), { headers: { 'Content-Type': 'application/zip' } }).blob()
  }
}

async function* ahead(entries: AsyncGenerator<Entry>): AsyncGenerator<Entry> {
  const opened: Promise<IteratorResult<Entry>>[] = []
  for (;;) {
    while (opened.length < AHEAD) {
      const next = entries.next()
      next.catch(() => {}) // it is thrown where it is waited for, in its turn
      opened.push(next)
    }
    const { done, value } = (await opened.shift()!) as IteratorResult<Entry, undefined>
    if (done) return
    yield value
  }
}
