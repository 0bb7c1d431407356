import { Told } from '../api/problem'
import { texts } from '../texts/texts'

export type HashRequest = { job: number; blob: Blob } | { job: number; cancel: true }
export type HashAnswer =
  | { job: number; bytes: number }
  | { job: number; sha256: string }
  | { job: number; failure: { name: string; message: string } }

export type Hash = (blob: Blob, onProgress: (bytes: number) => void, signal: AbortSignal) => Promise<string>

/**
 * Hashes in a worker, so that the page stays smooth. An error has the name it had there. `start` is called for the first
 * blob: who only looks waits for no worker.
 */
export function workerHash(start: () => Worker): Hash {
  const jobs = new Map<number, (answer: HashAnswer) => void>()
  let latest = 0
  let broken: Told | null = null
  let started: Worker | null = null

  function begin(): Worker {
    const worker = start()
    worker.addEventListener('message', ({ data }: MessageEvent<HashAnswer>) => jobs.get(data.job)?.(data))
    worker.addEventListener('error', () => {
      // It never came to life, perhaps since a newer version took the place of its script.
      broken = new Told(texts.uploads.nothingReadable)
      for (const [job, settle] of jobs) settle({ job, failure: broken })
    })
    return worker
  }

  return (blob, onProgress, signal) =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted()
      if (broken) throw broken
      const worker = (started ??= begin())
      const job = ++latest
      const cancel = () => worker.postMessage({ job, cancel: true } satisfies HashRequest)
      const finish = (settle: () => void) => {
        jobs.delete(job)
        signal.removeEventListener('abort', cancel)
        settle()
      }
      jobs.set(job, (answer) => {
        if ('bytes' in answer) onProgress(answer.bytes)
        else if ('sha256' in answer) finish(() => resolve(answer.sha256))
        else finish(() => reject(signal.aborted ? signal.reason : asError(answer.failure)))
      })
      signal.addEventListener('abort', cancel)
      worker.postMessage({ job, blob } satisfies HashRequest)
    })
}

function asError(failure: Error | { name: string; message: string }): Error {
  return failure instanceof Error ? failure : Object.assign(new Error(), failure)
}
