import { TransferFailed } from './retrying'

export type Put = (
  target: { url: string; headers: Record<string, string> },
  body: Blob,
  onProgress: (bytes: number) => void,
  signal: AbortSignal,
) => Promise<void>

/** Without a sign of life for so long a connection counts as broken. */
const STALLED_MS = 60_000

/** Sends a blob. XMLHttpRequest, since fetch doesn't tell how much of a body has been sent. */
export const put: Put = ({ url, headers }, body, onProgress, signal) =>
  new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const request = new XMLHttpRequest()
    const abort = () => request.abort()
    let stalled: ReturnType<typeof setTimeout>
    const alive = () => {
      clearTimeout(stalled)
      stalled = setTimeout(abort, STALLED_MS)
    }
    request.upload.onprogress = ({ loaded }) => {
      alive()
      onProgress(loaded)
    }
    request.onloadend = () => {
      clearTimeout(stalled)
      signal.removeEventListener('abort', abort)
      // 412: the bytes are there already, from an attempt whose answer was lost.
      if ((request.status >= 200 && request.status < 300) || request.status === 412) resolve()
      else reject(signal.aborted ? signal.reason : new TransferFailed(request.status))
    }
    signal.addEventListener('abort', abort)
    request.open('PUT', url)
    for (const [name, value] of Object.entries(headers)) {
      if (!/^(host|content-length)$/i.test(name)) request.setRequestHeader(name, value)
    }
    alive()
    request.send(body)
  })
