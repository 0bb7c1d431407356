import { texts } from '../texts/texts'
import { insist } from '../ui/notices'
import type { FileSource } from './droppedFiles'

/** Sends files. What does that is not among the first files of the page. */
export async function addFiles(sources: AsyncIterable<FileSource> | Iterable<FileSource>): Promise<void> {
  const uploads = await import('./uploads').catch(() => null)
  if (uploads) await uploads.addFiles(sources)
  else insist(texts.app.notOpened)
}
