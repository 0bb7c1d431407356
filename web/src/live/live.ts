import { answer, api } from '../api/client'
import { whenBack } from '../api/reachable'
import { LiveConnection } from './liveConnection'

/** Called with the library's revision; with null when it may have moved while nobody told. */
type OnLibraryMoved = (revision: number | null) => void

const listeners = new Set<OnLibraryMoved>()

/** Hear of it whenever the library has moved, until the returned function is called. */
export function onLibraryMoved(listener: OnLibraryMoved): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

const GATHER_MS = 500
let gathering: ReturnType<typeof setTimeout> | undefined

/** The library may have moved, as was learnt by another way than the connection, which may be late, or broken. */
export function libraryMayHaveMoved(): void {
  gathering ??= setTimeout(() => {
    gathering = undefined
    publish(null)
  }, GATHER_MS)
}

function publish(revision: number | null): void {
  for (const listener of listeners) listener(revision)
}

async function connect(): Promise<WebSocket> {
  const { ticket } = await answer(api.POST('/live/ticket'))
  const url = new URL('/live', location.href)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  url.searchParams.set('ticket', ticket)
  return new WebSocket(url)
}

/** Follow what changes in the library until the returned function is called. */
export function startLive(): () => void {
  const connection = new LiveConnection({
    connect,
    onOpen: () => publish(null),
    onChange: ({ revision }) => publish(revision),
  })
  // A connection that broke while the device slept may still look open, and then nothing came through it.
  const hurry = () => {
    if (document.visibilityState !== 'visible') return
    connection.hurry()
    publish(null)
  }
  void connection.start()
  const stopWaiting = whenBack(hurry)
  document.addEventListener('visibilitychange', hurry)
  return () => {
    connection.stop()
    stopWaiting()
    document.removeEventListener('visibilitychange', hurry)
  }
}
