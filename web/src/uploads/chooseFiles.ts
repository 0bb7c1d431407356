import { addFiles } from './addFiles'
import { ACCEPT, fromFileList, hasPickers, pickFiles } from './droppedFiles'

/** Has somebody choose photos, and sends them. To be called from a click or a key. */
export function chooseFiles(): void {
  if (hasPickers()) return void addFiles(pickFiles())
  const input = Object.assign(document.createElement('input'), { type: 'file', multiple: true, accept: ACCEPT })
  input.addEventListener('change', () => void addFiles(fromFileList(input.files!)))
  input.click()
}
