import { computed, shallowRef, watch } from 'vue'
import { messageOf } from '../api/problem'
import { beforeLeaving, user } from '../auth/session'
import { libraryMayHaveMoved, onLibraryMoved } from '../live/live'
import { storage } from '../storage'
import { texts } from '../texts/texts'
import { insist } from '../ui/notices'
import { type FileSource, isSidecar, isToSend } from './droppedFiles'
import { Follower } from './follower'
import HashWorker from './hash.worker?worker'
import { workerHash } from './hasher'
import { Journal } from './journal'
import { put } from './put'
import { Resumption } from './resumption'
import { pauseWhileOffline, reasonOf } from './retrying'
import { Slots } from './slots'
import { TakenShares } from './takenShares'
import { isDone, mayRetry, needsThePage, summarise, type Upload } from './upload'
import { UploadQueue } from './uploadQueue'
import { uploadServer } from './uploadServer'

const REDRAW_MS = 150
const PUTS_AT_ONCE = 3
const LOOK_AGAIN_MS = 1000
const UPLOADING_LOCK = 'pinhole.uploading'

export const uploadSummary = shallowRef(summarise([]))
/** As somebody wished; null: nobody did. */
export const isPanelOpen = shallowRef<boolean | null>(null)
/** By its ids, what may have been shared by another site, or for somebody else: to be asked about. */
export const unsureShares = shallowRef<readonly string[]>([])

let owner = 0
// What goes on after the session has ended, or while another one's begins elsewhere, is still of the user who began it.
const ownerId = () => (owner ||= user.value?.id ?? 0)
// An app that is shared with opens by itself; what another site sends opens a page of the browser.
const landedWith = matchMedia('(display-mode: standalone)').matches ? new URLSearchParams(location.search).get('shared') : null
const shares = new TakenShares(navigator.locks, ownerId, landedWith, (error) => insist(texts.sharing.unread(messageOf(error))))
const journal = new Journal(storage, shares, ownerId)
const follower = new Follower(uploadServer, (upload) => queue.settle(upload))
const queue: UploadQueue = new UploadQueue(
  {
    server: uploadServer,
    put,
    hash: workerHash(() => new HashWorker()),
    pause: pauseWhileOffline,
    slots: new Slots(PUTS_AT_ONCE),
  },
  journal,
  follower,
  changed,
)
const resumption = new Resumption(queue, journal, shares, uploadServer, pauseWhileOffline)

const needsPage = computed(() => {
  const { running, processing } = uploadSummary.value.count
  return running > processing
})

let lookingAgain: ReturnType<typeof setTimeout> | undefined
let redraw: ReturnType<typeof setTimeout> | undefined
function changed(): void {
  redraw ??= setTimeout(() => {
    redraw = undefined
    uploadSummary.value = summarise(queue.uploads.values())
  }, REDRAW_MS)
}

export async function addFiles(sources: AsyncIterable<FileSource> | Iterable<FileSource>): Promise<void> {
  // An earlier visit's are looked for before this tab is at something itself.
  void resumeUploads()
  const leftOut: string[] = []
  let sidecars = 0
  try {
    for await (const source of sources) {
      if (isSidecar(source.file)) sidecars += 1
      else if (!isToSend(source)) leftOut.push(source.file.name)
      else queue.add(source)
    }
  } catch (error) {
    insist(texts.uploads.someUnread(reasonOf(error)))
  }
  if (leftOut.length > 0) insist(texts.uploads.leftOut(leftOut))
  if (sidecars > 0) insist(texts.uploads.sidecars(sidecars))
}

export function retryUpload({ key }: Upload): void {
  const upload = queue.uploads.get(key)
  if (upload && mayRetry(upload)) queue.retry(upload)
}

/** All that failed, those that the panel has no row for too. */
export function retryFailed(): void {
  for (const upload of queue.uploads.values()) if (mayRetry(upload)) queue.retry(upload)
}

export async function removeUpload({ key }: Upload): Promise<void> {
  const upload = queue.uploads.get(key)
  if (!upload) return
  try {
    await queue.remove(upload)
  } catch (error) {
    insist(messageOf(error))
  }
}

export async function cancelUploads(): Promise<void> {
  // Those that were taken for the same as another as well: they would be sent in its place.
  await removeThose((upload) => needsThePage(upload) || (upload.state === 'duplicate' && !upload.itemId))
}

export async function removeMissing(): Promise<void> {
  await removeThose(({ state }) => state === 'missing')
}

export function clearFinished(): void {
  void removeThose((upload) => isDone(upload) || upload.state === 'failed' || upload.state === 'elsewhere')
}

async function removeThose(isMeant: (upload: Upload) => boolean): Promise<void> {
  await Promise.all([...queue.uploads.values()].filter(isMeant).map(removeUpload))
}

/** Go on with files that wait for the browser's permission; to be called from a click. */
export async function wakeUploads(): Promise<void> {
  try {
    await resumption.wake()
  } catch (error) {
    insist(messageOf(error))
  }
}

// Something became visible, or went: perhaps what was just sent.
onLibraryMoved(() => {
  follower.hurry()
  lookingAgain ??= setTimeout(() => {
    lookingAgain = undefined
    // If this fails, the next move of the library has them looked for again.
    resumption.lookAgain().catch(() => {})
  }, LOOK_AGAIN_MS)
})

// What the panel calls done is to be seen in the library too.
const done = computed(() => uploadSummary.value.count.ready + uploadSummary.value.count.duplicate)
watch(done, (now, before) => {
  if (now > before) libraryMayHaveMoved()
})

let isLeaving = false
beforeLeaving(() => {
  isLeaving = true
  queue.pause()
})

let resumed = false
/** Pick up what an earlier visit left, unless another tab is at it, and what other apps have shared. */
export async function resumeUploads(): Promise<void> {
  if (isLeaving) return
  queue.resume()
  if (resumed) return
  resumed = true
  try {
    await navigator.locks.request(UPLOADING_LOCK, { ifAvailable: true }, async (lock) => {
      // What is to be asked about is not kept waiting by a server that is away.
      void askAboutUnsure()
      await (lock ? resumption.begin() : resumption.takeShared())
    })
  } catch (error) {
    insist(texts.uploads.earlierUnknown(messageOf(error)))
  }
}

async function askAboutUnsure(): Promise<void> {
  try {
    unsureShares.value = await shares.unsure()
  } catch (error) {
    insist(texts.sharing.unread(messageOf(error)))
  }
}

/** What was asked about is uploaded, or forgotten. */
export async function answerUnsure(isWanted: boolean): Promise<void> {
  const ids = unsureShares.value
  unsureShares.value = []
  try {
    await (isWanted ? resumption.takeShared(ids) : shares.refuse(ids))
  } catch (error) {
    insist(texts.sharing.unread(messageOf(error)))
  }
}

watch(needsPage, (isNeeded) => {
  if (!isNeeded) return window.removeEventListener('beforeunload', warn)
  window.addEventListener('beforeunload', warn)
  void navigator.locks.request(UPLOADING_LOCK, { mode: 'shared' }, async () => {
    // It may come only when all is done: while this tab looks for an earlier visit's it holds the lock itself.
    if (needsPage.value) await new Promise((resolve) => watch(needsPage, resolve, { once: true }))
  })
})

function warn(event: BeforeUnloadEvent): void {
  if (!isLeaving) event.preventDefault()
}
