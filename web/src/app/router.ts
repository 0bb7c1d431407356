import './cameBack'
import { createRouter, createWebHistory, type RouteLocation } from 'vue-router'
import { adminTabs } from '../admin/tabs'
import { destination } from '../auth/destination'
import { user } from '../auth/session'
import SignInPage from '../auth/SignInPage.vue'
import { texts } from '../texts/texts'
import { insist } from '../ui/notices'
import { withoutPast } from './addresses'
import { pages, searchPage, views } from './pages'

declare module 'vue-router' {
  interface RouteMeta {
    /** Shows a photo above the page that it belongs to. */
    isViewer?: boolean
    /** For those, too, who are not logged in. */
    isPublic?: boolean
  }
}

// The browser would scroll back to where a photo was opened, after the grid has gone to the one that was shown last.
window.history.scrollRestoration = 'manual'

// Who logs in waits for no photos, and who looks at photos for no form.
const loggedIn = () => import('./loggedIn')
const PhotoViewer = () => import('../photos/viewer/PhotoViewer.vue')

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: '/login', name: 'login', component: SignInPage, meta: { isPublic: true } },
    { path: '/invite', name: 'invite', component: () => import('../auth/InvitePage.vue'), meta: { isPublic: true } },
    { path: '/forgot', name: 'forgot', component: () => import('../auth/ForgotPage.vue'), meta: { isPublic: true } },
    { path: '/reset', name: 'reset', component: () => import('../auth/ResetPage.vue'), meta: { isPublic: true } },
    { path: '/confirm-email', name: 'confirm-email', component: () => import('../auth/ConfirmEmailPage.vue'), meta: { isPublic: true } },
    { path: '/welcome', name: 'welcome', component: () => import('../auth/WelcomePage.vue') },
    {
      path: '/',
      component: async () => (await loggedIn()).AppShell,
      children: [
        ...[...pages, searchPage].map(({ name, path, rest = '', usesQuery, component, props }) => ({
          path: path + rest,
          name,
          component,
          props: ({ params, query }: RouteLocation) => ({
            ...props,
            ...(rest && { path: [params.path ?? []].flat().join('/') }),
            ...(usesQuery && { query }),
          }),
          // The grid stays mounted beneath the viewer, where it was. A folder may be called as this begins, but not go on so.
          children: [{ path: 'photo/:id([0-9A-Za-z]{12})', component: PhotoViewer, meta: { isViewer: true } }],
        })),
        {
          path: 'share',
          component: () => import('../uploads/SharePage.vue'),
          props: ({ query }: RouteLocation) => ({ why: (['full', 'many'] as const).find((why) => query[why] !== undefined) ?? 'lost' }),
        },
        ...views.map(({ name, path, component }) => ({ path, name, component })),
        { path: 'account', component: () => import('../account/AccountPage.vue') },
        { path: 'admin', redirect: '/admin/users', component: () => import('../admin/AdminPage.vue'), children: adminTabs },
        { path: ':rest(.*)*', component: () => import('./UnknownPage.vue') },
      ],
    },
  ],
})

router.beforeEach((to) => {
  const query = withoutPast(to.query)
  if (query) return { path: to.path, query, hash: to.hash, replace: true }
  if (!to.meta.isPublic && user.value === null) {
    return { name: 'login', query: to.fullPath === '/' ? {} : { next: to.fullPath } }
  }
  if (to.name === 'login' && user.value !== null) return destination(to.query.next)
  return true
})

// After an upgrade the server no longer has the files that an open page would load: begin anew, where it was going.
router.onError(async (_error, to, from) => {
  const isReachable = await fetch(to.fullPath, { method: 'HEAD' }).then(
    ({ ok }) => ok,
    () => false,
  )
  // A page that fails as its very first would fail again, and who has gone somewhere else meanwhile stays there.
  if (isReachable && from.matched.length > 0 && router.currentRoute.value === from) window.location.assign(to.fullPath)
  else insist(texts.app.notOpened)
})
