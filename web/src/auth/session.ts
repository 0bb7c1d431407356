import { computed, shallowRef, watch } from 'vue'
import { answer, api, publicApi } from '../api/client'
import type { components } from '../api/schema'
import { keeper } from './keeper'
import { showPasskey } from './passkeys'
import type { Session } from './sessionKeeper'

type User = Session['user']

/** Browsers give up after minutes where a line swallows what is sent. */
const LONGEST_LOGOUT_MS = 5000

const session = shallowRef<Session | null>(null)
keeper.onChange((next) => (session.value = next))

export const user = computed<User | null>(() => session.value?.user ?? null)

/** What is asked beside the password, where it is not enough: no session has begun then. */
export async function login(name: string, password: string): Promise<components['schemas']['SecondFactorAsked'] | null> {
  const answered = await answer(publicApi.POST('/auth/login', { body: { name, password } }))
  if ('ticket' in answered) return answered
  await keeper.begin(answered)
  return null
}

/** Go on with what `login` asked for. */
export async function showSecondFactor(body: components['schemas']['SecondFactor']): Promise<void> {
  await keeper.begin(await answer(publicApi.POST('/auth/second-factor', { body })))
}

/** Log in by a passkey, which is enough. Throws `Told`. */
export async function loginByPasskey(): Promise<void> {
  const { ticket, options } = await answer(publicApi.POST('/auth/passkey/options'))
  await keeper.begin(await answer(publicApi.POST('/auth/passkey', { body: { ticket, passkey: await showPasskey(options) } })))
}

export async function register(body: components['schemas']['Registration']): Promise<void> {
  await keeper.begin(await answer(publicApi.POST('/auth/register', { body })))
}

/** Goes by another name from now on. Throws `Problem`. */
export async function rename(name: string): Promise<void> {
  const { id, name: taken, role } = await answer(api.PATCH('/me', { body: { name } }))
  await keeper.know({ id, name: taken, role })
}

/** End the session here and on the server, and leave the page; without a connection at least here. */
export async function logout(): Promise<void> {
  isLoggingOut = true
  await endSession()
}

/** As `logout`, of a page that shows nothing of whose session it is, and stays. */
export async function endSession(): Promise<void> {
  try {
    await answer(api.POST('/auth/logout', { signal: AbortSignal.timeout(LONGEST_LOGOUT_MS) }))
  } finally {
    await keeper.end()
  }
}

/** End all sessions of whoever this is. Throws `Problem`, and all stay as they were. */
export async function logoutEverywhere(): Promise<void> {
  isLoggingOut = true
  try {
    await answer(api.DELETE('/auth/sessions'))
  } catch (error) {
    isLoggingOut = false
    throw error
  }
  await keeper.end()
}

/** Has whoever this is deleted, and leaves the page. Throws `Problem`, and all stays as it was. */
export async function deleteMe(body: components['schemas']['DeleteMe']): Promise<void> {
  isLoggingOut = true
  try {
    await answer(api.POST('/me/delete', { body }))
  } catch (error) {
    isLoggingOut = false
    throw error
  }
  await keeper.end()
}

const leaving: (() => void)[] = []
/** Calls `onLeave` before the page is left for another user, or for none. */
export function beforeLeaving(onLeave: () => void): void {
  leaving.push(onLeave)
}

function leaveFor(path: string): void {
  hasLeft = true
  for (const onLeave of leaving) onLeave()
  // Browsers show a page as it was to whoever goes back to it.
  document.documentElement.hidden = true
  window.location.assign(path)
}

/** The page is shown as it was, by Back, and has heard of nothing meanwhile. */
function comeBack(): void {
  if (hasLeft) window.location.reload()
  else void keeper.load()
}

let isLoggingOut = false
let hasLeft = false
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
  window.addEventListener('pageshow', ({ persisted }) => persisted && comeBack())
}
