import { makeZip } from 'client-zip'
import type { Entry } from './originals'

/** Where no file can be written as it comes, the browser holds a ZIP until it is whole. */
export const LARGEST_HELD = 1_000_000_000
/** So many files are opened before they are read, since each answer of the store is waited for. */
const AHEAD = 3

/** One ZIP, into a file. When `signal` is aborted, or a file fails, nothing is left of it. */
export function writeZip(entries: AsyncGenerator<Entry>, into: WritableStream<Uint8Array>, signal: AbortSignal): Promise<void> {
  return zipOf(ahead(entries)).pipeTo(into, { signal })
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
    yield await new Response(zipOf(part()), { headers: { 'Content-Type': 'application/zip' } }).blob()
  }
}

const MOST_BY_16_BITS = 0xffff
const UNTOLD = 0xffffffff

/**
 * A ZIP, streamed. client-zip tells how many files there are in 16 bits where all of it is smaller than 4 GB, however many
 * they are: then the 64-bit end of central directory is put in here (APPNOTE.TXT 4.3.14, 4.3.15).
 */
function zipOf(entries: AsyncGenerator<Entry>): ReadableStream<Uint8Array> {
  let count = 0
  let last = new Uint8Array()
  const counted = async function* () {
    for await (const entry of entries) {
      count += 1
      yield entry
    }
  }
  const end = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      if (last.byteLength > 0) controller.enqueue(last)
      last = chunk as Uint8Array<ArrayBuffer>
    },
    flush(controller) {
      const directory = new DataView(last.buffer, last.byteOffset)
      const [size, offset] = [directory.getUint32(12, true), directory.getUint32(16, true)]
      if (count > MOST_BY_16_BITS && offset < UNTOLD) controller.enqueue(endBy64Bits(count, size, offset))
      controller.enqueue(last)
    },
  })
  return makeZip(counted()).pipeThrough(end)
}

function endBy64Bits(count: number, size: number, offset: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(76))
  view.setUint32(0, 0x06064b50, true)
  view.setBigUint64(4, 44n, true) // bytes that follow
  view.setUint16(12, 45, true) // version 4.5 made it,
  view.setUint16(14, 45, true) // and is needed to read it
  view.setBigUint64(24, BigInt(count), true)
  view.setBigUint64(32, BigInt(count), true)
  view.setBigUint64(40, BigInt(size), true)
  view.setBigUint64(48, BigInt(offset), true)
  view.setUint32(56, 0x07064b50, true)
  view.setBigUint64(64, BigInt(offset + size), true)
  view.setUint32(72, 1, true)
  return new Uint8Array(view.buffer)
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
