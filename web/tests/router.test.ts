import { afterAll, beforeEach, expect, test, vi } from 'vitest'
import type * as VueRouter from 'vue-router'
import type * as AppRouter from '../src/app/router'

vi.mock('vue-router', async (original) => {
  const whole = await original<typeof VueRouter>()
  return { ...whole, createWebHistory: whole.createMemoryHistory }
})
vi.mock('../src/auth/session', () => ({ user: { value: { id: 1 } } }))
vi.mock('../src/auth/SignInPage.vue', () => ({ default: {} }))
vi.mock('../src/app/loggedIn', () => ({ AppShell: {}, TimelinePage: {} }))
vi.mock('../src/lists/ListPage.vue', () => ({ default: {} }))
vi.mock('../src/search/SearchPage.vue', () => {
  throw new Error('The server has it no more.')
})

const assign = vi.fn()
/** Answers whether the server is there. */
let answer: (response: Response) => void
let router: typeof AppRouter.router

beforeEach(async () => {
  vi.resetModules()
  vi.clearAllMocks()
  vi.stubGlobal('window', Object.assign(new EventTarget(), { history: {}, location: { assign } }))
  vi.stubGlobal('fetch', vi.fn(() => new Promise<Response>((resolve) => (answer = resolve))))
  vi.spyOn(console, 'warn').mockImplementation(() => {})
  ;({ router } = await import('../src/app/router'))
  await router.push('/')
})
afterAll(() => {
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

/** Goes to a page of which the server has nothing any more. */
async function goToWhatIsGone(): Promise<void> {
  await router.push('/search').catch(() => {})
  await vi.waitFor(() => expect(fetch).toHaveBeenCalled())
}

test('a page that an upgrade has taken away is loaded anew', async () => {
  await goToWhatIsGone()
  answer(new Response())
  await vi.waitFor(() => expect(assign).toHaveBeenCalledWith('/search'))
})

test('who has gone somewhere else by the time that the server answers stays there', async () => {
  await goToWhatIsGone()
  await router.push('/recent')
  answer(new Response())
  const { notices } = await import('../src/ui/notices')
  await vi.waitFor(() => expect(notices.value).toHaveLength(1))
  expect(assign).not.toHaveBeenCalled()
})
