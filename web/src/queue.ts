/** Runs one after the other what it is given, each when that before has ended; whoever asked for it is told how. */
export function queue(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const next = last.then(work)
    last = next.catch(() => {})
    return next
  }
}

/**
 * Asks for something each time after what was asked for before, so that the last answer is the newest. Who asks while a question
 * waits for its turn shares it.
 */
export function asking<T>(work: () => Promise<T>, inTurn = queue()): () => Promise<T> {
  let waiting: Promise<T> | null = null
  return () =>
    (waiting ??= inTurn(() => {
      waiting = null
      return work()
    }))
}
