import { numberName } from './formats'

/** English, of what other apps share with this one. */
export const sharing = {
  lost: 'What you shared has not arrived',
  lostWhy: 'Your browser wasn’t ready to take it. Now it is: share your photos once more.',
  full: 'There is no room for what you shared',
  fullWhy: 'Your browser keeps what is shared until it is uploaded, and has no room for this. Nothing of it is kept: make some room, or share less at a time.',
  many: 'That is too much at once',
  manyWhy: 'Up to 1,000 photos, of 8 GB together, wait here until they are uploaded. Nothing more was kept: choose the rest by “Upload”.',
  unread: (reason: string) => `What was shared couldn’t be looked up: ${reason}`,
  ask: (count: number) =>
    count === 1 ? 'Add the photo that was shared to your library?' : `Add the ${numberName(count)} photos that were shared to your library?`,
  askWhy: 'It can’t be told who shared this with Pinhole on this device. If it wasn’t you, don’t add it.',
  refuse: 'Don’t add',
  add: 'Add',
  toPhotos: 'To your photos',
  unsent: (count: number) =>
    count === 1 ? 'A photo that you shared is not uploaded yet' : `${numberName(count)} photos that you shared are not uploaded yet`,
  unsentWhy: 'If you log out now, this device forgets what you shared. It stays where you shared it from.',
  stay: 'Stay logged in',
  leave: 'Log out and forget',
}
