import type { ErrorCode } from '../api/problem'
import type { FileSource } from './droppedFiles'

export type UploadState =
  | 'queued' // to be hashed
  | 'hashing'
  | 'checking' // hashed; asking whether the library has it
  | 'waiting' // to be sent, perhaps once the server takes more
  | 'sending'
  | 'processing' // the server has the bytes
  | 'ready'
  | 'duplicate'
  | 'failed'
  | 'asleep' // begun before a reload; the browser wants to be asked before it reads the file again
  | 'missing' // begun before a reload; goes on when the same file comes again
  | 'elsewhere' // begun on another device

/** One file on its way. `hashed` and `sent` are bytes. */
export type Upload = {
  readonly key: string
  readonly name: string
  size: number
  source: FileSource | null
  state: UploadState
  hashed: number
  sent: number
  sha256: string | null
  /** The server's id of it, once begun; null again when it failed there, and nothing is open any more. */
  uploadId: string | null
  itemId: string | null
  /** Why it failed, what it is a duplicate of, why it is being tried again, or what it waits for. */
  reason: string
  /** Of the error that it failed by, if that is one of the API's. */
  code: ErrorCode | null
}

type Beginning = Pick<Upload, 'key' | 'name' | 'size' | 'source' | 'state' | 'sha256' | 'uploadId'>

/** An upload of which nothing has been read or sent yet. */
export function newUpload(beginning: Beginning): Upload {
  return { ...beginning, name: shownName(beginning.name), hashed: 0, sent: 0, itemId: null, reason: '', code: null }
}

const RUNNING: readonly UploadState[] = ['queued', 'hashing', 'checking', 'waiting', 'sending', 'processing']

const ABSENT: readonly UploadState[] = ['asleep', 'missing', 'elsewhere']

export function isRunning(upload: Upload): boolean {
  return RUNNING.includes(upload.state)
}

export function needsThePage(upload: Upload): boolean {
  return isRunning(upload) && upload.state !== 'processing'
}

/** What is wrong with the file itself. */
const UNREADABLE: readonly ErrorCode[] = ['unsupported_type', 'corrupt', 'truncated', 'empty_file', 'file_rejected']

/** What the same file will fail by again. */
const FINAL: readonly ErrorCode[] = [...UNREADABLE, 'too_many_pixels', 'too_costly', 'exceeds_disk', 'file_too_large']

/** Whether there is sense in beginning anew with a file that failed. */
export function mayRetry({ state, source, code }: Upload): boolean {
  return state === 'failed' && source !== null && !(code && FINAL.includes(code))
}

/** Whether the server looked at the bytes, and will make nothing of them another time. */
export function isUnreadable({ state, code }: Upload): boolean {
  return state === 'failed' && code !== null && UNREADABLE.includes(code)
}

export function isDone({ state }: Upload): boolean {
  return state === 'ready' || state === 'duplicate'
}

/** Whether the server may be waiting for bytes of it that this browser was to send. */
export function mayBeOpen(upload: Upload): boolean {
  return needsThePage(upload) || ['failed', 'asleep', 'missing'].includes(upload.state)
}

/** A file's name without invisible characters: some turn the direction of a text, and hide an extension. */
export function shownName(filename: string): string {
  // Joiners are left: Persian and Indic names need them, emoji too.
  return filename.replace(/(?![\u200c\u200d])\p{Cf}/gu, '')
}

export type Summary = {
  attention: Upload[]
  active: Upload[]
  ready: Upload[]
  duplicate: Upload[]
  hidden: { attention: number; active: number; ready: number; duplicate: number }
  count: Record<
    | 'all'
    | 'running'
    | 'sending'
    | 'processing'
    | 'ready'
    | 'duplicate'
    | 'failed'
    | 'unreadable'
    | 'retriable'
    | 'asleep'
    | 'missing'
    | 'elsewhere',
    number
  >
  /** What keeps files from being sent, while none is. */
  obstacle: string
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
  const elsewhere: Upload[] = []
  const ready: Upload[] = []
  const duplicate: Upload[] = []
  const none = { sending: 0, processing: 0, ready: 0, duplicate: 0, failed: 0, asleep: 0, missing: 0, elsewhere: 0 }
  const count: Summary['count'] = { all: 0, running: 0, unreadable: 0, retriable: 0, ...none }
  let obstacle = ''
  let bytes = 0
  let sentBytes = 0
  for (const upload of uploads) {
    count.all += 1
    if (isRunning(upload)) count.running += 1
    if (upload.state in count) count[upload.state as keyof typeof count] += 1
    if (isUnreadable(upload)) count.unreadable += 1
    if (mayRetry(upload)) count.retriable += 1
    if (upload.state === 'waiting') obstacle ||= upload.reason
    if (upload.state === 'queued' || upload.state === 'waiting') idle.push(upload)
    else if (upload.state === 'processing') processing.push(upload)
    else if (isRunning(upload)) busy.push(upload)
    else if (upload.state === 'elsewhere') elsewhere.push(upload)
    else if (upload.state === 'ready') ready.push(upload)
    else if (upload.state === 'duplicate') duplicate.push(upload)
    else attention.push(upload)
    if (ABSENT.includes(upload.state)) continue
    bytes += upload.size
    sentBytes += needsThePage(upload) ? upload.sent : upload.size
  }
  const active = [...busy, ...processing, ...idle, ...elsewhere]
  ready.reverse()
  duplicate.reverse()
  return {
    attention: shown(attention),
    active: shown(active),
    ready: shown(ready),
    duplicate: shown(duplicate),
    hidden: {
      attention: Math.max(0, attention.length - MOST_ROWS),
      active: Math.max(0, active.length - MOST_ROWS),
      ready: Math.max(0, ready.length - MOST_ROWS),
      duplicate: Math.max(0, duplicate.length - MOST_ROWS),
    },
    count,
    obstacle: count.sending === 0 ? obstacle : '',
    share: bytes > 0 ? sentBytes / bytes : count.running > 0 ? 0 : 1,
    sentBytes,
    bytes,
  }
}

function shown(uploads: Upload[]): Upload[] {
  return uploads.slice(0, MOST_ROWS).map((upload) => ({ ...upload }))
}
