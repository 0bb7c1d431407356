import { reactive, ref, shallowRef } from 'vue'
import { messageOf } from '../api/problem'
import type { components } from '../api/schema'

export type Failure = components['schemas']['Failure']
type FailurePage = components['schemas']['FailurePage']
type Retry = components['schemas']['Retry']
type Retried = components['schemas']['Retried']

/** Of what failed; what is not given may be anything. */
export type Which = Pick<Retry, 'stage' | 'code' | 'owner'>

/** What failed, page by page. `fetch` throws `Problem`. */
export function failureList(fetch: (which: Which, cursor: string | null) => Promise<FailurePage>) {
  const failures = shallowRef<Failure[] | null>(null)
  const codes = shallowRef<NonNullable<FailurePage['codes']>>([])
  const next = ref<string | null>(null)
  const error = ref('')
  let asked: Which = {}
  /** The page that was asked for last. */
  let wanted: string | null = null
  let latest = 0

  /** Begins with the first page of these. */
  async function look(which: Which = asked): Promise<void> {
    if (which !== asked) failures.value = null
    asked = which
    await add(null)
  }

  async function more(): Promise<void> {
    if (next.value !== null) await add(next.value)
  }

  /** Asks anew for what failed to come. */
  async function again(): Promise<void> {
    await add(wanted)
  }

  /** Has it there no more, as it is tried again; the pages that are there stay. */
  async function remove(gone: Failure): Promise<void> {
    failures.value = failures.value!.filter((one) => one !== gone)
    codes.value = codes.value.flatMap((one) => {
      const failed = one.failed - Number(one.code === gone.code)
      return failed > 0 ? [{ ...one, failed }] : []
    })
    if (failures.value.length === 0) await more()
  }

  async function add(cursor: string | null): Promise<void> {
    const own = ++latest
    wanted = cursor
    error.value = ''
    try {
      const page = await fetch(asked, cursor)
      if (own !== latest) return
      failures.value = cursor === null ? page.failures : [...failures.value!, ...page.failures]
      codes.value = page.codes ?? codes.value
      next.value = page.nextCursor
    } catch (thrown) {
      if (own === latest) error.value = messageOf(thrown)
    }
  }

  return { failures, codes, next, error, look, more, again, remove }
}

/**
 * Tries all of these again, as many requests as that takes. `go` goes on from where it failed, which throws `Problem`; after
 * `stop` nothing more is sent. `sum`: how many are tried again by now, and how many can't be.
 */
export function retryAll(which: Retry, send: (body: Retry) => Promise<Retried>) {
  const sum = reactive({ retried: 0, notRetried: 0 })
  let cursor: string | null = null
  let isStopped = false

  async function go(): Promise<void> {
    do {
      const { retried, notRetried, nextCursor }: Retried = await send({ ...which, cursor })
      sum.retried += retried
      sum.notRetried += notRetried
      cursor = nextCursor
    } while (cursor !== null && !isStopped)
  }

  function stop(): void {
    isStopped = true
  }

  return { sum, go, stop }
}
