import { onScopeDispose } from 'vue'
import { whenBack } from '../api/reachable'

const FIRST_WAIT_MS = 2000
const LONGEST_WAIT_MS = 30_000

/**
 * Has what failed tried again by itself: `failed` calls `again` later, after each failure in a row twice as late, and as
 * soon as the network or the server is back. `done` ends the row.
 */
export function useComeBack(again: () => void): { failed: () => void; done: () => void } {
  let timer: ReturnType<typeof setTimeout> | undefined
  let stopWaiting = () => {}
  let failures = 0

  function stop(): void {
    clearTimeout(timer)
    stopWaiting()
  }
  function go(): void {
    stop()
    again()
  }
  function failed(): void {
    stop()
    timer = setTimeout(go, Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures++))
    stopWaiting = whenBack(go)
  }
  function done(): void {
    stop()
    failures = 0
  }
  onScopeDispose(stop)
  return { failed, done }
}
