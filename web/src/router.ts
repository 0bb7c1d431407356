import { createRouter, createWebHistory } from 'vue-router'
import { user } from './auth/session'

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: '/login', name: 'login', component: () => import('./auth/SignInPage.vue') },
    {
      path: '/',
      name: 'timeline',
      component: () => import('./timeline/TimelinePage.vue'),
      // The grid stays mounted beneath the viewer, where it was.
      children: [{ path: 'photo/:id', name: 'photo', component: () => import('./viewer/PhotoViewer.vue') }],
    },
    { path: '/:path(.*)*', redirect: '/' },
  ],
})

router.beforeEach((to) => {
  if (to.name !== 'login' && user.value === null) {
    return { name: 'login', query: to.fullPath === '/' ? {} : { next: to.fullPath } }
  }
  if (to.name === 'login' && user.value !== null) return destination(to.query.next)
  return true
})

/** Where to go after logging in: only ever a page of this site. */
export function destination(next: unknown): string {
  return typeof next === 'string' && /^\/(?![/\\])/.test(next) ? next : '/'
}
