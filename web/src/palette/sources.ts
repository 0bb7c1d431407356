import { nextTick } from 'vue'
import { overlay, wantsToLeave } from '../app/overlay'
import { pages, searchPage, views } from '../app/pages'
import { user } from '../auth/session'
import { folderAddress, folderName } from '../lists/folderPaths'
import { fetchFolders, folders } from '../lists/folders'
import { monthName, numberName } from '../texts/formats'
import { texts } from '../texts/texts'
import { timeline } from '../timeline/library'
import type { IconName } from '../ui/Icon.vue'
import { chooseFiles } from '../uploads/chooseFiles'

/**
 * What the palette leads to, or what it does: `run`. `words`: what it is found by. `month`: of the timeline, to go on to, and
 * to a `day` of it; `isMonth`: it is the month itself.
 */
export type Entry = {
  name: string
  hint: string
  icon: IconName
  path?: string
  run?: () => void
  month?: string
  isMonth?: boolean
  day?: number
  words: string
}

export type Source = {
  name: keyof typeof texts.palette.sources
  /** Has what it lists; throws `Problem`. */
  load(): Promise<unknown>
  entries(): Entry[]
}

/** What the palette finds, in its order. */
export const sources: readonly Source[] = [
  { name: 'pages', load: async () => {}, entries: pageEntries },
  { name: 'commands', load: async () => {}, entries: commandEntries },
  { name: 'dates', load: timeline.open, entries: dateEntries },
  { name: 'folders', load: fetchFolders, entries: folderEntries },
]

function pageEntries(): Entry[] {
  return [...pages, ...views, searchPage].map(({ name, path, icon }) => {
    const called = texts.app.pages[name]
    return { name: called, hint: '', icon, path, words: called }
  })
}

function commandEntries(): Entry[] {
  const { upload, uploadFolder, keys, logOut } = texts.palette.commands
  return [
    { ...upload, hint: '', icon: 'upload', run: () => chooseFiles(false) },
    { ...uploadFolder, hint: '', icon: 'folder', run: () => chooseFiles(true) },
    // Once the palette, in whose place it comes, is gone.
    { ...keys, hint: '', icon: 'keyboard', run: () => void nextTick(() => (overlay.value = 'keys')) },
    { name: texts.account.open, hint: '', icon: 'person', path: '/account', words: texts.account.words },
    ...(user.value?.role === 'administrator'
      ? [{ name: texts.administration.open, hint: '', icon: 'people' as const, path: '/admin/users', words: texts.administration.words }]
      : []),
    { ...logOut, hint: '', icon: 'leave', run: () => (wantsToLeave.value = 'here') },
  ]
}

/** Years, of which the newest month is shown, and months; each only where there are photos of it. */
function dateEntries(): Entry[] {
  const months = timeline.photos.sections.map(({ key, ratios }) => ({ key, count: ratios.length }))
  const years = new Map<string, { newest: string; count: number }>()
  for (const { key, count } of months) {
    const year = years.get(key.slice(0, 4))
    years.set(key.slice(0, 4), { newest: year?.newest ?? key, count: (year?.count ?? 0) + count })
  }
  const entry = (name: string, month: string, count: number, words: string): Entry => {
    return { name, hint: numberName(count), icon: 'calendar', path: '/', month, words }
  }
  return [
    ...[...years].map(([year, { newest, count }]) => entry(year, newest, count, year)),
    ...months.map(({ key, count }) => ({ ...entry(monthName(key), key, count, `${monthName(key)} ${key}`), isMonth: true })),
  ]
}

function folderEntries(): Entry[] {
  return (folders.value ?? [])
    .filter(({ path }) => path !== '')
    .map(({ path, count }) => {
      const above = path.slice(0, -folderName(path).length - 1)
      const hint = [above, numberName(count)].filter(Boolean).join(' · ')
      return { name: folderName(path), hint, icon: 'folder', path: folderAddress(path), words: path.replaceAll('/', ' ') }
    })
}
