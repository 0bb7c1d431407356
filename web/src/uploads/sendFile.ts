import { Problem } from '../api/problem'
import type { components } from '../api/schema'
import type { Hash } from './hasher'
import type { Put } from './put'
import { type Pause, TransferFailed, withRetries } from './retrying'
import type { Slots } from './slots'
import type { SignedPut, UploadServer } from './uploadServer'

export type Sending = {
  server: UploadServer
  put: Put
  hash: Hash
  pause: Pause
  /** Shared by all files: so many PUTs at a time. */
  slots: Slots
}

const MOST_COMPLETIONS = 3

/** Sends a file with one PUT. Resolves once the store has it. */
export async function sendSingle(
  file: File,
  begun: components['schemas']['SingleUpload'],
  { server, put, pause, slots }: Sending,
  onProgress: (bytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  let target: SignedPut | null = begun
  await withRetries(pause, signal, () =>
    slots.run(async () => {
      target ??= await freshTarget(server, begun.id)
      if (target === null) return
      const { url, headers } = target
      target = null
      await put({ url, headers }, file, onProgress, signal).catch((error: unknown) => blameFile(file, error))
    }),
  )
  onProgress(file.size)
}

/** A browser breaks off without a word when the file is no longer the one that was chosen: reading it tells why. */
async function blameFile(body: Blob, error: unknown): Promise<never> {
  if (error instanceof TransferFailed && error.status === 0) await body.slice(0, 1).arrayBuffer()
  throw error
}

/** A fresh address to send to; null when the file has arrived, though an earlier attempt never heard of it. */
async function freshTarget(server: UploadServer, id: string): Promise<SignedPut | null> {
  try {
    return await server.signAgain(id)
  } catch (error) {
    if (error instanceof Problem && error.code === 'upload_not_waiting') return null
    throw error
  }
}

/** Sends what the store does not hold yet of a file, part by part, and puts it together. */
export async function sendParts(
  file: File,
  begun: components['schemas']['MultipartUpload'],
  { server, put, hash, pause, slots }: Sending,
  onProgress: (bytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const partOf = (number: number) => file.slice((number - 1) * begun.partSizeBytes, number * begun.partSizeBytes)
  const sent = new Map<number, number>()
  const report = () => onProgress([...sent.values()].reduce((sum, bytes) => sum + bytes, 0))

  async function missing(): Promise<number[]> {
    const { parts } = await withRetries(pause, signal, () => server.status(begun.id))
    sent.clear()
    for (const part of parts) {
      if (part.sizeBytes === partOf(part.partNumber).size) sent.set(part.partNumber, part.sizeBytes)
    }
    report()
    return Array.from({ length: begun.partCount }, (_, index) => index + 1).filter((number) => !sent.has(number))
  }

  async function sendPart(number: number): Promise<void> {
    const part = partOf(number)
    await withRetries(pause, signal, () =>
      slots.run(async () => {
        const target = await server.signPart(begun.id, number, await hash(part, () => {}, signal))
        const progress = (bytes: number) => {
          sent.set(number, bytes)
          report()
        }
        await put(target, part, progress, signal).catch((error: unknown) => blameFile(part, error))
        progress(part.size)
      }),
    )
  }

  for (let completions = 1; ; completions++) {
    await allOrNone(await missing(), sendPart)
    try {
      return await withRetries(pause, signal, () => server.complete(begun.id))
    } catch (error) {
      const isWrong = error instanceof Problem && error.code === 'wrong_parts'
      if (!isWrong || completions === MOST_COMPLETIONS) throw error
    }
  }
}

const PARTS_AHEAD = 3

/** Works through the parts, a few ahead; rejects only when none of them is at work any more. */
async function allOrNone(numbers: number[], work: (number: number) => Promise<void>): Promise<void> {
  const queue = [...numbers]
  const lane = async () => {
    for (let number = queue.shift(); number !== undefined; number = queue.shift()) {
      await work(number).catch((error: unknown) => {
        queue.length = 0
        throw error
      })
    }
  }
  const lanes = await Promise.allSettled(Array.from({ length: PARTS_AHEAD }, lane))
  const failed = lanes.find((lane) => lane.status === 'rejected')
  if (failed) throw failed.reason
}
