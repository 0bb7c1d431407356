import { reactive } from 'vue'
import type { ItemDetails } from '../itemDetails'

/** What is shown on the picture of what was found in it: the panel of details says it, a layer on the picture does it. */
export const onPicture = reactive({
  /** Of the photo that is shown, or was before; null until the first are here. */
  details: null as ItemDetails | null,
  showsBoxes: false,
  /** Key of the finding that is pointed at, by mouse or keys; and of the one that was clicked. */
  pointedAt: null as string | null,
  pinned: null as string | null,
})
