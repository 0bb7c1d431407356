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
vi.mock('../src/auth/ForgotPage.vue', () => ({ default: {} }))
vi.mock('../src/auth/ResetPage.vue', () => ({ default: {} }))
vi.mock('../src/auth/ConfirmEmailPage.vue', () => ({ default: {} }))
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

test.each(['/invite#token', '/forgot', '/reset#token', '/confirm-email#token'])('a stranger may open %s', async (address) => {
  who.user.value = null
  expect(await wentTo(address)).toBe(address)
})

test.each(['/account', '/welcome', '/admin/users'])('a stranger who opens %s has to log in first', async (address) => {
  who.user.value = null
  expect(await wentTo(address)).toBe(`/login?next=${address}`)
})

test.each(['/invite#token', '/reset#token', '/confirm-email#token'])('who is logged in sees %s too', async (address) => {
  who.user.value = { id: 1 }
  expect(await wentTo(address)).toBe(address)
})
