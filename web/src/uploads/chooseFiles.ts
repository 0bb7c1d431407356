import { addFiles } from './addFiles'
import { ACCEPT, fromFileList, hasPickers, pickFiles, pickFolder } from './droppedFiles'

/** Has somebody choose photos, or a folder of them, and sends them. To be called from a click or a key. */
export function chooseFiles(isFolder: boolean): void {
  if (hasPickers()) return void addFiles(isFolder ? pickFolder() : pickFiles())
  const input = document.createElement('input')
  Object.assign(input, { type: 'file', multiple: true, accept: isFolder ? '' : ACCEPT, webkitdirectory: isFolder })
  input.addEventListener('change', () => void addFiles(fromFileList(input.files!)))
  input.click()
}
