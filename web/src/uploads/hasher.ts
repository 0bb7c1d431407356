export type HashRequest = { job: number; blob: Blob } | { job: number; cancel: true }
export type HashAnswer =
  | { job: number; bytes: number }
  | { job: number; sha256: string }
  | { job: number; failure: { name: string; message: string } }

export type Hash = (blob: Blob, onProgress: (bytes: number) => void, signal: AbortSignal) => Promise<string>

/** Hashes in a worker, so that the page stays smooth. An error has the name it had there. */
export function workerHash(worker: Worker): Hash {
  const jobs = new Map<number, (answer: HashAnswer) => void>()
  let latest = 0
  worker.addEventListener('message', ({ data }: MessageEvent<HashAnswer>) => jobs.get(data.job)?.(data))

  return (blob, onProgress, signal) =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted()
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
        else finish(() => reject(signal.aborted ? signal.reason : Object.assign(new Error(), answer.failure)))
      })
      signal.addEventListener('abort', cancel)
      worker.postMessage({ job, blob } satisfies HashRequest)
    })
}
