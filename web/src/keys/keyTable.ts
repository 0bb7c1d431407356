import { pages, searchPage, views } from '../app/pages'
import type { texts } from '../texts/texts'

type What = keyof typeof texts.keys.does

/** Keys as people call them, and what they do. `+`: one while the other is held; a space: one after the other. */
export type KeyRow = { keys: string[]; does: What }

/** Every key that the client takes, by where. The README names the same ones: a test compares both with the code. */
export const keyTable: readonly { place: keyof typeof texts.keys.places; rows: KeyRow[] }[] = [
  {
    place: 'everywhere',
    rows: [
      { keys: ['/'], does: 'search' },
      { keys: ['Ctrl+K'], does: 'palette' },
      { keys: ['?'], does: 'keys' },
    ],
  },
  {
    place: 'list',
    rows: [
      { keys: ['←', '→', '↑', '↓'], does: 'toPhoto' },
      { keys: ['Home', 'End'], does: 'toEnds' },
      { keys: ['Page Up', 'Page Down'], does: 'byScreen' },
      { keys: ['c'], does: 'calendar' },
    ],
  },
  {
    place: 'cards',
    rows: [
      { keys: ['←', '→', '↑', '↓'], does: 'toCard' },
      { keys: ['Page Up', 'Page Down'], does: 'byYear' },
      { keys: ['Home', 'End'], does: 'toEnds' },
    ],
  },
  {
    place: 'calendar',
    rows: [
      { keys: ['←', '→', '↑', '↓'], does: 'toDay' },
      { keys: ['Page Up', 'Page Down'], does: 'byMonth' },
      { keys: ['Home', 'End'], does: 'toWeekEnds' },
    ],
  },
  {
    place: 'selecting',
    rows: [
      { keys: ['x', 'Space'], does: 'select' },
      { keys: ['d', 'm'], does: 'selectDay' },
      { keys: ['Ctrl+A'], does: 'selectAll' },
      { keys: ['Esc'], does: 'selectNone' },
      { keys: ['f'], does: 'favourite' },
      { keys: ['a'], does: 'archive' },
      { keys: ['Delete'], does: 'trash' },
      { keys: ['Ctrl+Z'], does: 'undo' },
    ],
  },
  {
    place: 'date',
    rows: [
      { keys: ['↑', '↓'], does: 'byMonth' },
      { keys: ['Page Up', 'Page Down'], does: 'byYear' },
      { keys: ['Home', 'End'], does: 'toEnds' },
    ],
  },
  {
    place: 'viewer',
    rows: [
      { keys: ['←', '→'], does: 'turn' },
      { keys: ['↑', '↓'], does: 'pan' },
      { keys: ['Page Up', 'Page Down'], does: 'turnAlways' },
      { keys: ['i'], does: 'details' },
      { keys: ['s'], does: 'similar' },
      { keys: ['x'], does: 'selectThis' },
      { keys: ['f'], does: 'favourite' },
      { keys: ['a'], does: 'archive' },
      { keys: ['Delete'], does: 'trash' },
      { keys: ['+', '-', '0'], does: 'zoom' },
      { keys: ['Ctrl+A'], does: 'selectText' },
      { keys: ['Esc'], does: 'back' },
    ],
  },
  {
    place: 'film',
    rows: [
      { keys: ['Space', 'k'], does: 'play' },
      { keys: ['j', 'l'], does: 'byTenSeconds' },
      { keys: ['←', '→'], does: 'byFiveSeconds' },
      { keys: [',', '.'], does: 'byFrame' },
      { keys: ['<', '>'], does: 'speed' },
      { keys: ['m'], does: 'mute' },
      { keys: ['p'], does: 'float' },
      { keys: ['Shift+F'], does: 'fullScreen' },
    ],
  },
]

/** The keys that lead to pages. */
export const goKeys = [...pages, ...views, searchPage].map(({ name, key }) => ({ name, key: `g ${key}` }))
