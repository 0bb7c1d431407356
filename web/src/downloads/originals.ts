import type { components } from '../api/schema'
import { backoffMs, type Pause, TransferFailed, withRetries } from '../uploads/retrying'
import { uniqueNames } from './names'

export type Original = components['schemas']['OriginalDownload']
export type Signed = components['schemas']['OriginalDownloads']

/** Asks for addresses of the originals of some items. */
export type Sign = (ids: string[]) => Promise<Signed>

/** A file as it goes into the ZIP. */
export type Entry = { name: string; size: number; lastModified: Date; input: AsyncGenerator<Uint8Array> }

export type Source = {
  sign: Sign
  fetch: typeof fetch
  pause: Pause
  now: () => number
  /** Of so many items the addresses are asked for at once. */
  most: number
  signal: AbortSignal
  onBytes: (bytes: number) => void
  /** An item is at its end: all its files are read, or it is missing. */
  onItem: (missing: boolean) => void
}

/** A ZIP tells no time before. */
const EARLIEST_MS = new Date(1980, 0, 1).getTime()

/** An address that lasts no longer than this is asked for again before it is used. */
const MARGIN_MS = 60_000

/**
 * The files of items, one by one, under names that differ. Addresses are asked for as they are needed, and again when they
 * run out; a connection that breaks goes on where it was. What is gone meanwhile is left out, and told to `onItem`.
 */
export async function* entriesOf(ids: readonly string[], source: Source): AsyncGenerator<Entry> {
  const nameAll = uniqueNames()
  let signed: Signed = { files: [], expiresAt: new Date(0).toISOString() }
  let until = 0
  for (const [position, id] of ids.entries()) {
    source.signal.throwIfAborted()
    if (position >= until || Date.parse(signed.expiresAt) - MARGIN_MS < source.now()) {
      until = position + source.most
      signed = await persist(source, () => source.sign(ids.slice(position, until)))
    }
    const files = signed.files.filter(({ itemId }) => itemId === id)
    const names = nameAll(files.map(({ filename }) => filename))
    let missing = files.length === 0
    for (const [index, file] of files.entries()) {
      const opened = await open(file, source)
      if (opened === null) {
        missing = true
        continue
      }
      // Read as the clock on the wall: what a ZIP tells has no zone either.
      const lastModified = new Date(Math.max(EARLIEST_MS, Date.parse(file.takenAtLocal)))
      yield { name: names[index]!, size: file.sizeBytes, lastModified, input: opened }
    }
    source.onItem(missing)
  }
}

/** The bytes of a file, once the first answer is here; null where the store does not give it out, however often it is asked. */
async function open(file: Original, source: Source): Promise<AsyncGenerator<Uint8Array> | null> {
  let address = file.url
  const answer = async (from: number): Promise<Response> => {
    const headers = from > 0 ? { Range: `bytes=${from}-` } : undefined
    const response = await source.fetch(address, { signal: source.signal, headers }).catch((error: unknown) => {
      source.signal.throwIfAborted()
      throw error instanceof TypeError ? new TransferFailed(0) : error
    })
    if (!response.ok || (from > 0 && response.status !== 206)) {
      await response.body?.cancel()
      throw new TransferFailed(response.ok ? 0 : response.status)
    }
    return response
  }
  const renew = async () => {
    const { files } = await source.sign([file.itemId])
    address = files.find(({ filename, sizeBytes }) => filename === file.filename && sizeBytes === file.sizeBytes)?.url ?? address
  }
  let first: Response
  try {
    first = await persist(source, () => answer(0), renew)
  } catch (error) {
    if (error instanceof TransferFailed) return null
    throw error
  }
  return bytesOf(first, file.sizeBytes, source, (from) => persist(source, () => answer(from), renew))
}

async function* bytesOf(
  first: Response,
  size: number,
  source: Source,
  resume: (from: number) => Promise<Response>,
): AsyncGenerator<Uint8Array> {
  let received = 0
  for (let response = first; ; response = await resume(received)) {
    const reader = response.body?.getReader()
    try {
      for (let chunk = await reader?.read(); chunk?.value; chunk = await reader?.read()) {
        received += chunk.value.byteLength
        source.onBytes(chunk.value.byteLength)
        yield chunk.value
      }
      if (received >= size) return
    } catch (error) {
      source.signal.throwIfAborted()
      if (!(error instanceof TypeError)) throw error // which a connection that broke is
    }
    await source.pause(backoffMs(0), source.signal, new TransferFailed(0))
  }
}

/** Does `work` until it succeeds or fails for good. Before each further attempt `renew`: an address may have run out. */
function persist<T>(source: Source, work: () => Promise<T>, renew?: () => Promise<void>): Promise<T> {
  let isFirst = true
  return withRetries(source.pause, source.signal, async () => {
    if (!isFirst) await renew?.()
    isFirst = false
    return work()
  })
}
