import { shallowRef } from 'vue'
import { answer, api } from '../api/client'
import { MOST_ORIGINALS } from '../api/constants'
import { messageOf } from '../api/problem'
import { beforeLeaving } from '../auth/session'
import { texts } from '../texts/texts'
import { notify, insist } from '../ui/notices'
import { pauseWhileOffline } from '../uploads/retrying'
import { entriesOf, type Sign } from './originals'
import { openSaving } from './saving'

export type Download = { items: number; done: number; bytes: number; missing: number }

/** The one that is under way. */
export const download = shallowRef<Download | null>(null)
let aborting = new AbortController()

const sign: Sign = (ids) => answer(api.POST('/originals', { body: { ids } }))

export function cancelDownload(): void {
  aborting.abort()
}
beforeLeaving(() => {
  cancelDownload()
  window.removeEventListener('beforeunload', askBeforeLeaving)
})

/**
 * Saves the originals of so many items: one file as it is, several as a ZIP. To be called by what a person does, since a
 * browser asks them for the place only then, and so before `idsOf` is. Tells by notices how it ended.
 */
export async function downloadItems(count: number, idsOf: () => Promise<readonly string[]>): Promise<void> {
  if (download.value) {
    notify(texts.downloads.oneAtATime)
    return
  }
  aborting = new AbortController()
  const { signal } = aborting
  const progress: Download = { items: count, done: 0, bytes: 0, missing: 0 }
  download.value = progress
  window.addEventListener('beforeunload', askBeforeLeaving)
  let file: FileSystemFileHandle | null = null
  try {
    const name = texts.downloads.zipName(new Date())
    file = count > 1 && 'showSaveFilePicker' in window ? await pickFile(`${name}.zip`) : null
    const ids = await idsOf()
    progress.items = ids.length
    if (ids.length === 1 && !file) {
      const { files } = await sign([...ids])
      signal.throwIfAborted()
      if (files.length < 2) {
        if (files[0]) save(files[0].url, { download: '', target: '_blank', rel: 'noopener' })
        else insist(texts.downloads.gone(1))
        return
      }
    }
    const { heldZips, writeZip } = await import('./zip')
    const entries = entriesOf(ids, {
      sign,
      fetch: (input, init) => fetch(input, init),
      pause: pauseWhileOffline,
      now: Date.now,
      most: MOST_ORIGINALS,
      signal,
      onBytes: (bytes) => {
        progress.bytes += bytes
        changed(progress)
      },
      onItem: (missing) => {
        progress.done += 1
        if (missing) progress.missing += 1
        changed(progress)
      },
    })
    const into = file ? await file.createWritable() : await openSaving(`${name}.zip`, aborting)
    if (into) await writeZip(entries, into, signal)
    else {
      let part = 0
      for await (const blob of heldZips(entries)) saveBlob(blob, `${name}${++part > 1 ? ` (${part})` : ''}.zip`)
    }
    if (progress.missing > 0) insist(texts.downloads.gone(progress.missing))
    else notify(texts.downloads.done(progress.items))
  } catch (error) {
    // Where the browser can't, an empty file stays: what was chosen is there before anything is written.
    await file?.remove?.().catch(() => {})
    if (!isAbort(error)) insist(texts.downloads.failed(messageOf(error)))
  } finally {
    aborting.abort() // what was opened ahead is let go
    clearTimeout(redraw)
    redraw = undefined
    download.value = null
    window.removeEventListener('beforeunload', askBeforeLeaving)
  }
}

const REDRAW_MS = 150
let redraw: ReturnType<typeof setTimeout> | undefined
function changed(progress: Download): void {
  redraw ??= setTimeout(() => {
    redraw = undefined
    if (download.value) download.value = { ...progress }
  }, REDRAW_MS)
}

/** Where a person wants it, who may also break off. */
function pickFile(suggestedName: string): Promise<FileSystemFileHandle> {
  return window.showSaveFilePicker({
    suggestedName,
    types: [{ description: 'ZIP', accept: { 'application/zip': ['.zip'] } }],
  })
}

function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError'
}

/** By a link: a page that goes to another address asks first whether to break off its uploads. */
function save(href: string, how: Partial<HTMLAnchorElement>): void {
  Object.assign(document.createElement('a'), { href, ...how }).click()
}

const BLOB_LIFE_MS = 60_000
function saveBlob(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob)
  save(url, { download: name })
  setTimeout(() => URL.revokeObjectURL(url), BLOB_LIFE_MS)
}

function askBeforeLeaving(event: BeforeUnloadEvent): void {
  event.preventDefault()
}
