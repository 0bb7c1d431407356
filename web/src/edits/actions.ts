import { isFavourite } from '../photos/item'
import type { PhotoList, Section } from '../photos/photoList'
import { texts } from '../texts/texts'
import type { IconName } from '../ui/Icon.vue'
import type { Done, Edit } from './changes'

export type Action = {
  name: 'favourite' | 'unfavourite' | 'archive' | 'unarchive' | 'trash' | 'restore'
  icon: IconName
  label: string
  /** With its key. */
  hint: string
  key: string | null
  edit: Edit
  done: Done
  /** Whether the photos are not in the list any more afterwards. */
  leaves: boolean
}

/** Whether what is chosen are favourites; false where that isn't known. */
export function areFavourites({ columns }: Section, index: number): boolean {
  return columns !== null && index < columns.ids.length && isFavourite(columns, index)
}

/** What a button or a key does with photos of a list, but for what needs a dialog. */
export function actionsOf({ query }: PhotoList, isFavourite: boolean): Action[] {
  if (query?.name === 'trash') return [action('restore', 'restore', null, { trashed: false }, true)]
  return [
    isFavourite
      ? action('unfavourite', 'heart', 'f', { favourite: false }, query?.name === 'favourites')
      : action('favourite', 'heart', 'f', { favourite: true }, false),
    query?.name === 'archive'
      ? action('unarchive', 'unarchive', 'a', { archived: false }, true)
      : action('archive', 'archive', 'a', { archived: true }, query !== null),
    action('trash', 'trash', 'Delete', { trashed: true }, true),
  ]
}

function action(name: Action['name'], icon: IconName, key: string | null, set: Edit['set'], leaves: boolean): Action {
  return { name, icon, label: texts.edits[name], hint: texts.edits[`${name}Hint`], key, edit: { set }, done: texts.edits.done[name], leaves }
}
