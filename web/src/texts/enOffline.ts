/** English, of what is there without a network. */
export const offline = {
  notHere: 'Not here while offline',
}
