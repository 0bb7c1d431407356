import { numberName, sizeName } from './formats'

const MOST_NAMES = 3

function files(count: number): string {
  return `${numberName(count)} ${count === 1 ? 'file' : 'files'}`
}

/** The first of them, and how many more there are. */
function namesOf(names: readonly string[]): string {
  const more = names.length - MOST_NAMES
  return names.slice(0, MOST_NAMES).join(', ') + (more > 0 ? ` and ${numberName(more)} more` : '')
}

/** English, of what is sent to the library. */
export const uploads = {
  upload: 'Upload',
  uploadFolder: 'Upload a folder',
  choosePhotos: 'Choose photos',
  chooseFolder: 'Choose a folder',
  photosToUpload: 'Photos to upload',
  folderToUpload: 'Folder to upload',
  photosAndVideos: 'Photos and videos',
  dropHere: 'Drop photos or folders to upload them',

  uploads: 'Uploads',
  uploading: (count: number) => `Uploading ${files(count)}`,
  gettingReady: (count: number) => `Getting ${files(count)} ready`,
  waitForYou: (count: number) => `${files(count)} ${count === 1 ? 'waits' : 'wait'} for you`,
  unread: (count: number) => `${numberName(count)} couldn’t be read`,
  onAnotherDevice: (count: number) => `${files(count)} on another device`,
  done: (count: number) => `${files(count)} done`,
  sentOf: (sent: number, size: number) => `${sizeName(sent)} of ${sizeName(size)}`,
  added: (count: number) => `${numberName(count)} added`,
  addedFiles: (count: number) => `${files(count)} added to your library`,
  alreadyThere: (count: number) => `${numberName(count)} already there`,
  alreadyThereFiles: (count: number) => `${files(count)} already in your library`,
  failed: (count: number) => `${numberName(count)} failed`,
  cancelAll: 'Cancel all',
  foldList: 'Fold the list',
  showList: 'Show the list',
  clearFinished: 'Clear finished uploads',
  all: 'All uploads',
  wake: 'Your browser asks before Pinhole may read these files again.',
  goOnWith: (count: number) => `Go on with ${files(count)}`,
  chooseAgain: (count: number) => `Choose or drop ${files(count)} again to go on.`,
  removeThem: 'Remove them',
  mayBeRetried: (count: number) => `${files(count)} may go well if tried again.`,
  tryThemAgain: 'Try them again',
  more: (count: number) => `and ${numberName(count)} more`,

  reading: 'Reading…',
  readingName: (name: string) => `Reading ${name}`,
  sendingName: (name: string) => `Sending ${name}`,
  checking: 'Looking whether it’s there already…',
  waiting: (size: number) => `${sizeName(size)}, waiting`,
  tryingAgain: (reason: string) => `${reason} Trying again…`,
  processing: 'Sent. Getting it ready…',
  ready: 'In your library',
  asleep: 'Waits for your permission to read it again',
  missing: 'Not finished. Drop this file again to go on',
  elsewhere: (size: number) => `${sizeName(size)}, begun on another device`,
  retryName: (name: string) => `Try ${name} again`,
  cancel: 'Cancel',
  cancelName: (name: string) => `Cancel ${name}`,
  remove: 'Remove from this list',
  removeName: (name: string) => `Remove ${name}`,

  duplicate: 'Already in your library',
  sameAs: (name: string) => `The same file as ${name}`,
  serverBusy: 'Waiting until the server takes more',
  noConnection: 'Waiting for a connection',
  cancelledElsewhere: 'The upload was cancelled elsewhere.',
  forgotten: 'The server knows nothing of this upload any more.',
  unreadable: 'The file can’t be read. It may have been moved or changed.',
  nothingReadable: 'Files can’t be read at the moment. Reload the page.',
  brokeOff: 'The connection broke off.',
  storageRefused: (status: number) => `The storage refused the file (${status}).`,
  someUnread: (reason: string) => `Some files couldn’t be read: ${reason}`,
  leftOut: (names: readonly string[]) =>
    `${files(names.length)} left out, by ${names.length === 1 ? 'its name no photo or video' : 'their names no photos or videos'}: ${namesOf(names)}`,
  sidecars: (count: number) =>
    `${files(count)} left out that ${count === 1 ? 'describes photos' : 'describe photos'} (such as XMP, AAE and JSON): Pinhole can’t read these yet.`,
  earlierUnknown: (reason: string) => `Earlier uploads couldn’t be looked up: ${reason}`,
}
