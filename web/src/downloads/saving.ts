import { Told } from '../api/problem'
import { texts } from '../texts/texts'
import type { SavingAsked, SavingBegins, SavingNews, SavingPiece } from './savingMessages'

/** A worker of an earlier version knows nothing of this, and downloads of some Safari pass by any: then nobody answers. */
const BEGIN_MS = 10_000
/** Firefox ends a worker that was given no event for half a minute. */
const ASK_MS = 10_000
const MOST_UNANSWERED = 3
const FRAME_LIFE_MS = 60_000

/**
 * A file that the browser writes to disk as it comes, by way of the service worker; null where none does this for the page.
 * Where the browser wants no more of it, `work` is aborted by an `AbortError`; where the worker has ended before all was
 * written, by a `Told`. When `work` is aborted here, the browser has a download that failed.
 */
export async function openSaving(name: string, work: AbortController): Promise<WritableStream<Uint8Array> | null> {
  // Pages of an origin that is not secure have no such thing at all.
  const worker = navigator.serviceWorker?.controller
  if (!worker) return null
  const saving = new Saving(worker, name, work)
  return (await saving.hasBegun) ? saving.stream : null
}

class Saving {
  readonly hasBegun: Promise<boolean>
  readonly stream: WritableStream<Uint8Array>

  #id = crypto.randomUUID()
  #port: MessagePort
  #controller!: WritableStreamDefaultController
  /** Settles when the browser wants another piece, or none any more. */
  #wanted!: Promise<void>
  #allow!: () => void
  #deny!: (why: unknown) => void
  #unanswered = 0
  #asking: ReturnType<typeof setInterval> | undefined
  #frame: HTMLIFrameElement | undefined

  constructor(
    private readonly worker: ServiceWorker,
    name: string,
    /** Of all that the file is made of: a stream that fails has its source end, but waits for what that is reading. */
    private readonly work: AbortController,
  ) {
    const { port1, port2 } = new MessageChannel()
    this.#port = port1
    this.#waitForMore()
    this.stream = new WritableStream({
      start: (controller) => {
        this.#controller = controller
      },
      write: async (piece) => {
        await this.#wanted
        this.#waitForMore()
        // The whole buffer would be copied, however little of it the piece is.
        this.#tell(piece.byteLength < piece.buffer.byteLength ? piece.slice() : piece)
      },
      close: async () => {
        await this.#wanted
        this.#stop(null, 'end')
      },
      abort: (why) => this.#stop(why, 'broken'),
    })
    this.hasBegun = new Promise((resolve) => {
      const tooLong = setTimeout(() => {
        this.#stop(null, 'broken')
        resolve(false)
      }, BEGIN_MS)
      this.#port.onmessage = ({ data: news }: MessageEvent<SavingNews>) => {
        if (news === 'ready') this.#openFrame(name)
        else if (news === 'more') this.#allow()
        else if (news === 'cancelled') this.#fail(new DOMException('The browser wants no more of it.', 'AbortError'))
        else {
          clearTimeout(tooLong)
          this.#asking = setInterval(() => this.#ask(), ASK_MS)
          resolve(true)
        }
      }
    })
    window.addEventListener('pagehide', this.#breakOff)
    // `pipeTo` would pass it on only when the browser has taken the piece that is under way, and that may be never.
    work.signal.addEventListener('abort', this.#breakOff)
    worker.postMessage({ saving: this.#id, name } satisfies SavingBegins, [port2])
  }

  /** A frame, since what a link with `download` asks for may pass by the worker, and one without asks to leave the page. */
  #openFrame(name: string): void {
    const frame = document.createElement('iframe')
    Object.assign(frame, { hidden: true, src: `/saving/${this.#id}/${encodeURIComponent(name)}` })
    document.body.append(frame)
    this.#frame = frame
  }

  #waitForMore(): void {
    this.#wanted = new Promise((resolve, reject) => {
      this.#allow = resolve
      this.#deny = reject
    })
    this.#wanted.catch(() => {}) // Whoever writes is told.
  }

  /** Keeps the worker alive, and hears whether it was. One that was ended meanwhile knows of nothing. */
  #ask(): void {
    if (this.#unanswered++ === MOST_UNANSWERED) return this.#fail(new Told(texts.downloads.browserEnded))
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = ({ data: isThere }: MessageEvent<boolean>) => {
      port1.close()
      this.#unanswered = 0
      if (!isThere) this.#fail(new Told(texts.downloads.browserEnded))
    }
    this.worker.postMessage({ saving: this.#id } satisfies SavingAsked, [port2])
  }

  #tell(piece: SavingPiece): void {
    this.#port.postMessage(piece)
  }

  #fail(why: Error): void {
    this.#stop(why, 'broken')
    this.#controller.error(why)
    this.work.abort(why)
  }

  readonly #breakOff = (): void => this.#fail(new DOMException('It was broken off.', 'AbortError'))

  #stop(why: unknown, last: 'end' | 'broken'): void {
    this.#tell(last)
    this.#deny(why)
    this.#port.close()
    clearInterval(this.#asking)
    window.removeEventListener('pagehide', this.#breakOff)
    this.work.signal.removeEventListener('abort', this.#breakOff)
    // A little later, lest a browser ends with it what it is still writing.
    setTimeout(() => this.#frame?.remove(), FRAME_LIFE_MS)
  }
}
