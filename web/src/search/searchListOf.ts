import { LastUsed } from '../lists/lastUsed'
import { search } from './searchApi'
import { type SearchList, searchList } from './searchList'
import { addressOf, type Wanted } from './wanted'

const lists = new LastUsed<SearchList>()

/** The list of what is searched for. */
export function searchListOf(wanted: Wanted): SearchList {
  return lists.get(addressOf(wanted), () => searchList(wanted, (cursor) => search(wanted, cursor)))
}
