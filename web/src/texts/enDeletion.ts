import { numberName } from './formats'

/** English, of deleting users: others, and oneself. */
export const deletion = {
  remove: 'Delete',
  removeOf: (name: string) => `Delete ${name}`,
  ask: (name: string) => `Delete ${name}?`,
  goes: (items: number, size: string) =>
    `${numberName(items)} ${items === 1 ? 'photo or video goes' : 'photos and videos go'}, with all that is known of them: ${size}. All their devices are logged out at once. Nothing brings it back.`,
  goesOwn: (items: number, size: string) =>
    `${numberName(items)} ${items === 1 ? 'photo or video goes' : 'photos and videos go'}, with all that is known of them: ${size}. All your devices are logged out at once. Nothing brings it back.`,
  originals: 'Delete the original files too',
  originalsWhy: (folder: string) => `Else they stay in the storage, in the folder “${folder}”, which nobody else gets.`,
  originalsWhyOwn: 'Else they stay in the storage, where whoever runs the server has them.',
  originalsKept: 'The original files stay in the storage: so it was chosen when this library was set up.',
  name: (name: string) => `Type “${name}” to go on`,
  wrongName: 'This isn’t the name.',
  begun: (name: string) => `${name} is being deleted.`,
  done: (name: string) => `${name} is deleted.`,
  tag: 'Being deleted',
  progressOf: (name: string) => `Deletion of ${name}`,
  left: (left: number, all: number) => (left ? `${numberName(left)} of ${numberName(all)} left` : 'Almost gone'),
  lasts: (moment: string) => `The last files go ${moment}: until then one may arrive that was being sent.`,
  stuck: 'It came no further lately. The log of the server says why; it is tried again.',
  own: 'Delete your account',
  ownWhy: 'Your account goes, with all your photos.',
  ownAct: 'Delete my account',
  lastAdministrator: 'Make somebody else an administrator first: nobody would be left to look after the library.',
}
