import { beforeLeaving } from '../auth/session'
import { queue } from '../queue'

const inTurn = queue()
let waiting = 0

/** Each request waits for the one before: what is asked for last is what stands, and what is undone first. */
export async function sendInTurn<T>(work: () => Promise<T>): Promise<T> {
  if (waiting === 0) window.addEventListener('beforeunload', warn)
  waiting += 1
  try {
    return await inTurn(work)
  } finally {
    waiting -= 1
    if (waiting === 0) window.removeEventListener('beforeunload', warn)
  }
}

/** Resolves once nothing that was asked for by now is on its way any more, or after so many milliseconds. */
export async function allSent(most: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, most)))
  await Promise.race([inTurn(() => Promise.resolve()), late])
  clearTimeout(timer)
}

let isLeaving = false
beforeLeaving(() => (isLeaving = true))

function warn(event: BeforeUnloadEvent): void {
  if (!isLeaving) event.preventDefault()
}
