import { ref, shallowRef } from 'vue'
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

  async function add(cursor: string | null): Promise<void> {
    const own = ++latest
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

  return { failures, codes, next, error, look, more }
}

/** Tries all of these again, as many requests as that takes. Tells how many are, and how many can't be; throws `Problem`. */
export async function retryAll(which: Retry, send: (body: Retry) => Promise<Retried>): Promise<Omit<Retried, 'nextCursor'>> {
  const sum = { retried: 0, notRetried: 0 }
  let cursor: string | null = null
  do {
    const told: Retried = await send({ ...which, cursor })
    sum.retried += told.retried
    sum.notRetried += told.notRetried
    cursor = told.nextCursor
  } while (cursor !== null)
  return sum
}
