import type { SavingAsked, SavingBegins, SavingNews, SavingPiece } from '../downloads/savingMessages'
import type { Handler } from './handler'

/**
 * ZIPs that pages hand over piece by piece, and that the browser writes to disk as the answers to requests. They come by a
 * port: only Chromium and Firefox could hand over a stream as such, Safari can't.
 */
class Saving {
  /** Until then the worker has to live. */
  readonly ended: Promise<void>
  #end!: () => void
  #stream: ReadableStream<Uint8Array> | null

  constructor(
    private readonly port: MessagePort,
    private readonly name: string,
    onEnd: () => void,
  ) {
    this.ended = new Promise<void>((resolve) => (this.#end = resolve)).then(onEnd)
    this.#stream = this.#streamOfPieces()
    this.#tell('ready')
  }

  /** Null when it has been answered before: the page asks once. */
  answer(): Response | null {
    const stream = this.#stream
    if (!stream) return null
    this.#stream = null
    this.#tell('begun')
    return new Response(stream, {
      headers: {
        'Content-Type': 'application/zip',
        'Content-Disposition': `attachment; filename*=UTF-8''${encoded(this.name)}`,
        'Content-Security-Policy': "default-src 'none'",
        'X-Content-Type-Options': 'nosniff',
        'Cache-Control': 'no-store',
      },
    })
  }

  #streamOfPieces(): ReadableStream<Uint8Array> {
    let taken = () => {}
    const begin = (controller: ReadableStreamDefaultController<Uint8Array>) => {
      this.port.onmessage = ({ data }: MessageEvent<SavingPiece>) => {
        if (data instanceof Uint8Array) controller.enqueue(data)
        else {
          if (data === 'end') controller.close()
          else controller.error(new Error('The page has broken it off.'))
          this.#end()
        }
        taken()
      }
    }
    return new ReadableStream<Uint8Array>(
      {
        start: begin,
        pull: () => {
          this.#tell('more')
          return new Promise<void>((resolve) => (taken = resolve))
        },
        cancel: () => {
          this.#tell('cancelled')
          this.#end()
        },
      },
      // Nothing is held here: each piece is asked for when the browser has taken the one before. So the end, too, is said
      // only when all before it has been taken, and the page knows of no end that did not come.
      { highWaterMark: 0 },
    )
  }

  #tell(news: SavingNews): void {
    this.port.postMessage(news)
  }
}

const savings = new Map<string, Saving>()

/** The messages of pages that save something. */
export function hearOfSaving(event: ExtendableMessageEvent): void {
  const { saving: id, name } = (event.data ?? {}) as Partial<SavingBegins | SavingAsked>
  const [port] = event.ports
  if (id === undefined || !port) return
  if (name !== undefined) savings.set(id, new Saving(port, name, () => savings.delete(id)))
  else {
    const saving = savings.get(id)
    port.postMessage(saving !== undefined)
    // A worker of Firefox is ended half a minute after the last event that it was given, and five minutes later whatever it
    // waits for, one of Chromium after five minutes; each such question is an event. Messages by a port are none.
    if (saving) event.waitUntil(saving.ended)
  }
}

/** `/saving/{id}/{name}`: nobody but the page that begins one knows its id. */
export const answerSaving: Handler = (event) => {
  const [, first, id] = new URL(event.request.url).pathname.split('/')
  if (first !== 'saving') return null
  const saving = savings.get(id ?? '')
  const response = saving?.answer()
  if (!saving || !response) return Promise.resolve(new Response(null, { status: 404 }))
  event.waitUntil(saving.ended)
  return Promise.resolve(response)
}

/** As RFC 8187 has it, which lets less stand than `encodeURIComponent`. */
function encoded(name: string): string {
  return encodeURIComponent(name).replace(/['()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
}
