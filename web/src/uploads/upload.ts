import type { FileSource } from './droppedFiles'

export type UploadState =
  | 'queued' // to be hashed
  | 'hashing'
  | 'checking' // hashed; asking whether the library has it
  | 'waiting' // to be sent
  | 'sending'
  | 'processing' // the server has the bytes
  | 'ready'
  | 'duplicate'
  | 'failed'
  | 'asleep' // begun before a reload; the browser wants to be asked before it reads the file again
  | 'missing' // begun before a reload, or on another device; goes on when the same file comes again

/** One file on its way. `hashed` and `sent` are bytes. */
export type Upload = {
  readonly key: string
  readonly name: string
  readonly size: number
  source: FileSource | null
  state: UploadState
  hashed: number
  sent: number
  sha256: string | null
  /** The server's id of it, once begun. */
  uploadId: string | null
  itemId: string | null
  /** Why it failed, or what it is a duplicate of. */
  reason: string
}

const RUNNING: readonly UploadState[] = ['queued', 'hashing', 'checking', 'waiting', 'sending', 'processing']

export function isRunning(upload: Upload): boolean {
  return RUNNING.includes(upload.state)
}

export function needsThePage(upload: Upload): boolean {
  return isRunning(upload) && upload.state !== 'processing'
}

export type Summary = {
  attention: Upload[]
  active: Upload[]
  finished: Upload[]
  hidden: { attention: number; active: number; finished: number }
  count: { all: number; running: number; processing: number; ready: number; duplicate: number; failed: number; asleep: number }
  /** Of all files that were to be sent, 0 to 1: bytes that have arrived, and that need not be sent. */
  share: number
  sentBytes: number
  bytes: number
}

const MOST_ROWS = 60

/** What the panel shows of any number of uploads: copies, as they are at this moment. */
export function summarise(uploads: Iterable<Upload>): Summary {
  const attention: Upload[] = []
  const busy: Upload[] = []
  const processing: Upload[] = []
  const idle: Upload[] = []
  const finished: Upload[] = []
  const count = { all: 0, running: 0, processing: 0, ready: 0, duplicate: 0, failed: 0, asleep: 0 }
  let bytes = 0
  let sentBytes = 0
  for (const upload of uploads) {
    count.all += 1
    if (isRunning(upload)) count.running += 1
    if (upload.state in count) count[upload.state as keyof typeof count] += 1
    if (upload.state === 'queued' || upload.state === 'waiting') idle.push(upload)
    else if (upload.state === 'processing') processing.push(upload)
    else if (isRunning(upload)) busy.push(upload)
    else if (upload.state === 'ready' || upload.state === 'duplicate') finished.push(upload)
    else attention.push(upload)
    if (upload.state === 'asleep' || upload.state === 'missing') continue
    bytes += upload.size
    sentBytes += needsThePage(upload) ? upload.sent : upload.size
  }
  const active = [...busy, ...processing, ...idle]
  finished.reverse()
  return {
    attention: shown(attention),
    active: shown(active),
    finished: shown(finished),
    hidden: {
      attention: Math.max(0, attention.length - MOST_ROWS),
      active: Math.max(0, active.length - MOST_ROWS),
      finished: Math.max(0, finished.length - MOST_ROWS),
    },
    count,
    share: bytes > 0 ? sentBytes / bytes : count.running > 0 ? 0 : 1,
    sentBytes,
    bytes,
  }
}

function shown(uploads: Upload[]): Upload[] {
  return uploads.slice(0, MOST_ROWS).map((upload) => ({ ...upload }))
}

const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte']

export function sizeName(bytes: number): string {
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3))
  const value = bytes / 1000 ** power
  return value.toLocaleString(undefined, {
    style: 'unit',
    unit: units[power],
    unitDisplay: power === 0 ? 'long' : 'short',
    maximumFractionDigits: power > 1 && value < 100 ? 1 : 0,
  })
}
