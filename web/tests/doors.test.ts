import { beforeEach, expect, test, vi } from 'vitest'
import type * as VueRouter from 'vue-router'

const who = vi.hoisted(() => ({ user: { value: null as { id: number } | null } }))
vi.mock('vue-router', async (original) => {
  const whole = await original<typeof VueRouter>()
  return { ...whole, createWebHistory: whole.createMemoryHistory }
})
vi.mock('../src/auth/session', () => who)
vi.mock('../src/auth/SignInPage.vue', () => ({ default: {} }))
vi.mock('../src/auth/InvitePage.vue', () => ({ default: {} }))
vi.mock('../src/auth/WelcomePage.vue', () => ({ default: {} }))
vi.mock('../src/app/loggedIn', () => ({ AppShell: {}, TimelinePage: {} }))
vi.mock('../src/account/AccountPage.vue', () => ({ default: {} }))

beforeEach(() => {
  vi.resetModules()
  vi.stubGlobal('window', Object.assign(new EventTarget(), { history: {} }))
})

async function wentTo(address: string): Promise<string> {
  const { router } = await import('../src/app/router')
  await router.push(address)
  return router.currentRoute.value.fullPath
}

test('a stranger may open an invite, with its token', async () => {
  who.user.value = null
  expect(await wentTo('/invite#token')).toBe('/invite#token')
})

test.each(['/account', '/welcome', '/admin/users'])('a stranger who opens %s has to log in first', async (address) => {
  who.user.value = null
  expect(await wentTo(address)).toBe(`/login?next=${address}`)
})

test('who is logged in sees an invite too', async () => {
  who.user.value = { id: 1 }
  expect(await wentTo('/invite#token')).toBe('/invite#token')
})
