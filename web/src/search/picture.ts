import { Told } from '../api/problem'
import { texts } from '../texts/texts'

/** The server takes no larger one. */
const LARGEST_SIDE = 512
const MOST_KEPT = 5

/** A picture from elsewhere to search by, scaled down: as an address to show it by, and as the server takes it. */
export type Picture = { url: string; base64: string }

/** By what the page's address calls each. They last as long as the page: whoever loads it again chooses them again. */
const kept = new Map<string, Picture>()

export function pictureOf(name: string): Picture | null {
  return kept.get(name) ?? null
}

/** Has a picture at hand, by the name that this returns. Throws `Told` where the browser can't read it. */
export async function keepPicture(file: Blob): Promise<string> {
  const url = await scaled(file)
  const name = Math.random().toString(36).slice(2, 10)
  kept.set(name, { url, base64: url.slice(url.indexOf(',') + 1) })
  if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value!)
  return name
}

async function scaled(file: Blob): Promise<string> {
  const picture = await createImageBitmap(file).catch(() => {
    throw new Told(texts.search.unreadable)
  })
  const scale = Math.min(1, LARGEST_SIDE / Math.max(picture.width, picture.height))
  const canvas = document.createElement('canvas')
  canvas.width = Math.max(1, Math.round(picture.width * scale))
  canvas.height = Math.max(1, Math.round(picture.height * scale))
  const context = canvas.getContext('2d')!
  context.imageSmoothingQuality = 'high'
  // JPEG has no transparency: what shows through is white, as on paper.
  context.fillStyle = '#fff'
  context.fillRect(0, 0, canvas.width, canvas.height)
  context.drawImage(picture, 0, 0, canvas.width, canvas.height)
  picture.close()
  return canvas.toDataURL('image/jpeg', 0.85)
}

/** The first picture among files that were dropped, pasted or chosen; null for none. */
export function firstPicture(files: Iterable<File> | null | undefined): File | null {
  return [...(files ?? [])].find(({ type }) => type.startsWith('image/')) ?? null
}
