import type { HashAnswer, HashRequest } from './hasher'
import { sha256Of } from './hashing'

const running = new Map<number, AbortController>()

addEventListener('message', ({ data }: MessageEvent<HashRequest>) => {
  if ('cancel' in data) running.get(data.job)?.abort()
  else void hash(data.job, data.blob)
})

async function hash(job: number, blob: Blob): Promise<void> {
  const abort = new AbortController()
  running.set(job, abort)
  const say = (answer: HashAnswer) => postMessage(answer)
  try {
    say({ job, sha256: await sha256Of(blob, (bytes) => say({ job, bytes }), abort.signal) })
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error))
    say({ job, failure: { name, message } })
  } finally {
    running.delete(job)
  }
}
