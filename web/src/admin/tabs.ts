import type { RouteRecordRaw } from 'vue-router'

/** The parts of the administration, each with an address of its own. */
export const adminTabs = [
  { path: 'users', name: 'users', component: () => import('./UsersTab.vue') },
  { path: 'invites', name: 'invites', component: () => import('./InvitesTab.vue') },
  { path: 'jobs', name: 'jobs', component: () => import('./JobsTab.vue') },
  { path: 'queues', name: 'queues', component: () => import('./QueuesTab.vue') },
  { path: 'schedules', name: 'schedules', component: () => import('./SchedulesTab.vue') },
  { path: 'health', name: 'health', component: () => import('./HealthTab.vue') },
] as const satisfies RouteRecordRaw[]
