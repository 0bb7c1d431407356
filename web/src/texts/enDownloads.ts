import { fileDate, numberName, sizeName } from './formats'

export const downloads = {
  title: 'Download',
  download: 'Download the originals',
  zipName: (now: Date) => `Pinhole ${fileDate(now)}`,
  progress: (done: number, items: number, bytes: number) =>
    `${numberName(done)} of ${numberName(items)} · ${sizeName(bytes)}`,
  cancel: 'Cancel',
  done: (items: number) => `${items === 1 ? '1 photo' : `${numberName(items)} photos`} downloaded.`,
  gone: (items: number) =>
    items === 1
      ? 'One photo is no longer there; all others were downloaded.'
      : `${numberName(items)} photos are no longer there; all others were downloaded.`,
  failed: (why: string) => `The download has failed, and is not whole. ${why}`,
  browserEnded: 'The browser has ended it.',
  oneAtATime: 'Another download is under way. Wait for it, or cancel it.',
}
