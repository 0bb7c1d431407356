const FIRST_WAIT_MS = 1000
const LONGEST_WAIT_MS = 60_000
/** Open for so long, a connection counts as good, and the next failure waits the shortest time again. */
const STEADY_MS = 10_000

export type LibraryChanged = { type: 'libraryChanged'; revision: number; months: string[] }

type Hooks = {
  /** Opens a socket with a fresh one-time ticket. */
  connect(): Promise<WebSocket>
  onChange(change: LibraryChanged): void
  /** Nobody kept what happened before: catch up by revision. */
  onOpen(): void
}

/** A WebSocket that comes back by itself, more and more seldom while the server is away. */
export class LiveConnection {
  #socket: WebSocket | null = null
  #timer: ReturnType<typeof setTimeout> | undefined
  #failures = 0
  #stopped = false
  #connecting = false

  constructor(private readonly hooks: Hooks) {}

  async start(): Promise<void> {
    clearTimeout(this.#timer)
    if (this.#stopped || this.#socket || this.#connecting) return
    this.#connecting = true
    try {
      const socket = await this.hooks.connect()
      if (this.#stopped) socket.close()
      else this.#listen(socket)
    } catch {
      this.#again() // Whatever it was, the only answer is to try again later.
    } finally {
      this.#connecting = false
    }
  }

  /** The network may be back: don't wait any longer. */
  hurry(): void {
    this.#failures = 0
    void this.start()
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
    this.#socket?.close()
  }

  #listen(socket: WebSocket): void {
    this.#socket = socket
    let steady: ReturnType<typeof setTimeout>
    socket.onopen = () => {
      steady = setTimeout(() => (this.#failures = 0), STEADY_MS)
      this.hooks.onOpen()
    }
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(String(data)) as { type: string }
      if (message.type === 'libraryChanged') this.hooks.onChange(message as LibraryChanged)
    }
    socket.onclose = () => {
      clearTimeout(steady)
      this.#socket = null
      this.#again()
    }
  }

  #again(): void {
    if (this.#stopped) return
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#failures++)
    this.#timer = setTimeout(() => void this.start(), wait * (0.5 + Math.random() / 2))
  }
}
