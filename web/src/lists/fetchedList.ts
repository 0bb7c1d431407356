import { ref, type Ref } from 'vue'
import { messageOf } from '../api/problem'
import type { PhotoList } from '../photos/photoList'

/** Photos, and how they came here. What is shown already stays when fetching it again fails. */
export type FetchedList = {
  photos: PhotoList
  state: Readonly<Ref<'loading' | 'ready' | 'failed'>>
  /** Why it failed, as a sentence. */
  error: Readonly<Ref<string>>
  /** Fetches what there is, or fetches it again. */
  open(): Promise<void>
  /** The library is of another revision now; null: it may be, nobody was told. */
  libraryMoved(revision: number | null): void
  /** Nobody looks at it any more. */
  leave(): void
}

type Options = Pick<FetchedList, 'leave'> & {
  /** Throws `Problem`. */
  fetch(): Promise<void>
  /** Whether the list is the same as before in a library of this revision. */
  isCurrent(revision: number): boolean
}

export function fetchedList(photos: PhotoList, { fetch, isCurrent, leave }: Options): FetchedList {
  const state = ref<'loading' | 'ready' | 'failed'>('loading')
  const error = ref('')

  async function refresh(): Promise<void> {
    try {
      await fetch()
      state.value = 'ready'
    } catch (thrown) {
      if (state.value !== 'ready') state.value = 'failed'
      error.value = messageOf(thrown)
    }
  }

  return {
    photos,
    state,
    error,
    async open() {
      if (state.value === 'failed') state.value = 'loading'
      await refresh()
    },
    libraryMoved(revision) {
      if (revision === null || !isCurrent(revision)) void refresh()
    },
    leave,
  }
}
