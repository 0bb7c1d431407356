import { numberName } from './formats'

const LONGEST_TITLE = 60

const filters = {
  from: 'From',
  to: 'To',
  on: 'Date',
  kind: 'Kind',
  country: 'Country',
  place: 'Place',
  camera: 'Camera',
  favourite: 'Favourites',
  minRating: 'Rating',
}

/** English, of searching. */
export const search = {
  label: 'Search',
  open: 'Search',
  openHint: 'Search (/)',
  placeholder: 'Search your photos',
  field: 'Search your photos',
  clear: 'Clear the search',
  close: 'Close the search',

  titleOf(q: string) {
    const told = q.length > LONGEST_TITLE ? `${q.slice(0, LONGEST_TITLE)}…` : q
    return told.includes('"') ? told : `“${told}”`
  },
  best: 'Best matches',
  nearest: 'Perhaps',
  why: {
    text: 'Found by its words',
    picture: 'Found by how it looks',
    both: 'Found by its words and how it looks',
  },
  whyLabel: 'Why it was found',

  suggestions: 'Suggestions',
  kinds: { search: 'Searched before', place: 'Place', country: 'Country', camera: 'Camera', object: 'Object', tag: 'Tag' },
  suggested: (count: number) => (count === 0 ? '' : `${numberName(count)} ${count === 1 ? 'suggestion' : 'suggestions'}`),
  forgetKeys: 'Shift+Delete forgets a past search.',
  forget: (q: string) => `Forget “${q}”`,
  forgotten: (q: string) => `“${q}” is forgotten.`,
  forgetAll: 'Forget all',
  forgottenAll: 'All past searches are forgotten.',

  nothingYet: 'Find any photo',
  hints: 'Say what is to be seen, where or when it was: “dog on a beach”, “Naples july 2024”, “last summer”. In quotes, words are found as they stand; with - before it, a word is left out.',
  past: 'Searched before',

  nothing: 'Nothing like that',
  nothingWhy: 'No photo of yours matches all of this. Take something off:',
  nothingAtAll: 'No photo of yours matches this. Try other words.',
  unseen: (count: number) =>
    `${count === 1 ? 'One photo has' : `${numberName(count)} photos have`} not been looked at yet, and ${count === 1 ? 'is' : 'are'} found by words alone until then.`,
  quotes: 'Quotes',
  words: (q: string) => `“${q}”`,

  found: (count: number, hasMore: boolean) => `${hasMore ? 'More than ' : ''}${numberName(count)} found`,
  warming: 'Pictures are compared in a moment. So far, this is what words have found.',
  warmingNothing: 'Looking at your photos',
  warmingNothingWhy: 'Words alone have found nothing. Pictures are compared in a moment.',
  unsure: 'Nothing surely shows that. This is the nearest there is.',
  textOnly: 'Found by words alone: pictures can’t be compared at present.',

  filters: 'Filters',
  asked: 'What is searched for',
  takeOff: (what: string) => `Take off ${what}`,
  understoodAs: (words: string, meaning: string) => `Understood “${words}” as ${meaning}. Take these words out`,
  names: filters,
  isNot: (what: string) => `Not: ${what}`,
  without: (words: string) => `Without “${words}”`,
  favourite: { true: 'Favourites', false: 'Not favourites' } as Record<string, string>,
  kind: { photo: 'Photos', video: 'Videos' } as Record<string, string>,
  fromDay: (day: string) => `From ${day}`,
  toDay: (day: string) => `Until ${day}`,
  leastStars: (stars: number) => `${'★'.repeat(stars)} or more`,
  anyRating: 'Any',
  anyKind: 'All',
  onlyFavourites: 'Favourites only',
  not: 'Not',
  exclude: (value: string) => `Not ${value}`,
  findValue: (name: string) => `Find in ${name}`,
  notWords: 'Without',
  notWordsHint: 'What is not to be seen, such as “people”',
  show: 'Show',
  reset: 'Take off all',
  cancel: 'Cancel',
  filtersFailed: 'What there is to filter by couldn’t be loaded.',
  badRange: 'The first day is behind the last one.',

  sort: 'Order',
  sorts: { relevance: 'Best first', date: 'Newest first' },

  similar: 'Find similar',
  similarHint: 'Find similar (s)',
  similarChip: 'Similar to this photo',
  similarTitle: 'Similar photos',
  pictureChip: 'Like this picture',
  pictureTitle: 'Like your picture',
  choosePicture: 'Search by a picture',
  dropPicture: 'Drop a picture to find similar ones',
  noPictures: 'Your library can’t be searched by a picture: its models have no part for that. “Find similar” works with your photos.',
  unreadable: 'Your browser can’t read this picture.',
  noPicture: 'This is no picture.',
  pictureGone: 'Choose the picture again',
  pictureGoneWhy: 'Pictures to search by are kept nowhere, so they don’t outlast loading this page anew.',
  pictureAgain: 'Choose a picture',
}
