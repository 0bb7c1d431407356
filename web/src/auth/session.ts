import { computed, shallowRef, watch } from 'vue'
import { answer, api, publicApi } from '../api/client'
import { keeper } from './keeper'
import type { Session } from './sessionKeeper'

type User = Session['user']

const session = shallowRef<Session | null>(null)
keeper.onChange((next) => (session.value = next))

export const user = computed<User | null>(() => session.value?.user ?? null)

export async function login(name: string, password: string): Promise<void> {
  await keeper.begin(await answer(publicApi.POST('/auth/login', { body: { name, password } })))
}

export async function register(name: string, password: string, setupToken: string): Promise<void> {
  const body = { name, password, setupToken: setupToken || null }
  await keeper.begin(await answer(publicApi.POST('/auth/register', { body })))
}

/** End the session here and on the server; without a connection at least here. */
export async function logout(): Promise<void> {
  try {
    await answer(api.POST('/auth/logout'))
  } finally {
    isLoggingOut = true
    await keeper.end()
  }
}

const leaving: (() => void)[] = []
/** Calls `onLeave` before the page is left for another user, or for none. */
export function beforeLeaving(onLeave: () => void): void {
  leaving.push(onLeave)
}

function leaveFor(path: string): void {
  for (const onLeave of leaving) onLeave()
  window.location.assign(path)
}

let isLoggingOut = false
let latest: number | null = null

/**
 * Calls `onBegin` when a session begins, here or in another tab, and `onEnd` when it ends by itself: in another tab, or
 * because the server no longer knows it. Whoever leaves, or comes after someone else, begins with a fresh page: nothing of one user's stays in memory for another.
 */
export function watchSession(onBegin: () => void, onEnd: () => void): void {
  const follow = (now: User | null, before?: User | null) => {
    if (now !== null) {
      if (latest !== null && latest !== now.id) leaveFor('/')
      latest = now.id
      if (!before) onBegin()
    } else if (isLoggingOut) leaveFor('/login')
    else if (before) onEnd()
  }
  watch(user, follow, { immediate: true })
}
