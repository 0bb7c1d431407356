import { answer, api } from '../api/client'
import { months, refreshLibrary } from '../timeline/library'
import { libraryMoved } from '../uploads/uploads'
import { LiveConnection } from './liveConnection'

async function connect(): Promise<WebSocket> {
  const { ticket } = await answer(api.POST('/live/ticket'))
  const url = new URL('/live', location.href)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  url.searchParams.set('ticket', ticket)
  return new WebSocket(url)
}

function catchUp(): void {
  void refreshLibrary()
  libraryMoved()
}

/** Follow what changes in the library until the returned function is called. */
export function startLive(): () => void {
  const connection = new LiveConnection({
    connect,
    onOpen: catchUp,
    onChange: ({ revision }) => {
      if (revision !== months.revision) catchUp()
    },
  })
  // A connection that broke while the device slept may still look open, and then nothing came through it.
  const hurry = () => {
    if (document.visibilityState !== 'visible') return
    connection.hurry()
    catchUp()
  }
  void connection.start()
  window.addEventListener('online', hurry)
  document.addEventListener('visibilitychange', hurry)
  return () => {
    connection.stop()
    window.removeEventListener('online', hurry)
    document.removeEventListener('visibilitychange', hurry)
  }
}
