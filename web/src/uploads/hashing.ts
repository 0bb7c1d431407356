import { createSHA256 } from 'hash-wasm'

/** Read at a time: enough to be fast, little enough that a file of any size takes the same memory. */
const SLICE_BYTES = 4 * 1024 * 1024

/** SHA-256 of a blob in lower-case hex. `onProgress` is told the bytes read so far. */
export async function sha256Of(
  blob: Blob,
  onProgress: (bytes: number) => void = () => {},
  signal?: AbortSignal,
): Promise<string> {
  const hash = await createSHA256()
  for (let start = 0; start < blob.size; start += SLICE_BYTES) {
    signal?.throwIfAborted()
    const slice = blob.slice(start, start + SLICE_BYTES)
    hash.update(new Uint8Array(await slice.arrayBuffer()))
    onProgress(Math.min(start + SLICE_BYTES, blob.size))
  }
  return hash.digest('hex')
}
