/** What is seen first after logging in, to be asked for as one. */
export { default as TimelinePage } from '../timeline/TimelinePage.vue'
export { default as AppShell } from './AppShell.vue'
