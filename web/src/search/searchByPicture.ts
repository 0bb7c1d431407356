import { messageOf, Told } from '../api/problem'
import { texts } from '../texts/texts'
import { insist } from '../ui/notices'
import { loadOffer } from './offer'
import { keepPicture } from './picture'
import type { Wanted } from './wanted'

/** Goes to what is like a picture from elsewhere, or tells why that can't be. `picture`: null where none was given. */
export async function searchByPicture(picture: File | null, wanted: Wanted, go: (next: Wanted) => void): Promise<void> {
  try {
    if (!picture) throw new Told(texts.search.noPicture)
    if (!(await loadOffer()).takesPictures) throw new Told(texts.search.noPictures)
    go({ ...wanted, similarTo: '', picture: await keepPicture(picture) })
  } catch (error) {
    insist(messageOf(error))
  }
}
