/** English, of what is there without a network. */
export const offline = {
  notHere: 'Not here while offline',
  notHereWhy: 'It comes as soon as your library can be reached again.',
}
