import type { RouteComponent } from 'vue-router'
import type { OtherList } from '../lists/listOf'
import type { texts } from '../texts/texts'
import type { IconName } from '../ui/Icon.vue'

export type Page = {
  /** Of the route; its name for people is in the texts. */
  name: keyof typeof texts.app.pages
  path: string
  /** What follows `path` in the addresses of the page; as vue-router has it. */
  rest?: string
  icon: IconName
  /** Whether what follows the question mark says what it shows. */
  usesQuery?: boolean
  /** The letter that leads there after `g`. */
  key: string
  component: () => Promise<RouteComponent>
  /** Of the component, beside what comes from the address. */
  props?: Record<string, unknown>
}

const timeline = async () => (await import('./loggedIn')).TimelinePage
const folders = () => import('../lists/FolderPage.vue')

function list(name: Exclude<OtherList, 'folder'>) {
  return { name, path: `/${name}`, component: () => import('../lists/ListPage.vue'), props: { name } }
}

/** Ways to look at the timeline from farther away. */
export const views: readonly Page[] = [
  { name: 'years', path: '/years', icon: 'calendar', key: 'y', component: () => import('../views/YearsPage.vue') },
  { name: 'months', path: '/months', icon: 'calendar', key: 'm', component: () => import('../views/MonthsPage.vue') },
]

/** Every page that the shell leads to, in its order. Each shows photos, with the viewer above it. */
export const pages: readonly Page[] = [
  { name: 'timeline', path: '/', icon: 'photos', key: 'p', component: timeline },
  { ...list('favourites'), icon: 'heart', key: 'f' },
  { ...list('recent'), icon: 'clock', key: 'r' },
  { name: 'folders', path: '/folders', rest: '/:path(.*)*', icon: 'folder', key: 'o', component: folders },
  { ...list('archive'), icon: 'archive', key: 'a' },
  { ...list('trash'), icon: 'trash', key: 't' },
]

/** To which the box in the header leads. */
export const searchPage: Page = {
  name: 'search',
  path: '/search',
  icon: 'search',
  key: 's',
  usesQuery: true,
  component: () => import('../search/SearchPage.vue'),
}
