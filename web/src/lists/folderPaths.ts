/** The address of a folder's page; '' is above all of them. */
export function folderAddress(path: string): string {
  const parts = path.split('/').map(encodePart)
  return path === '' ? '/folders' : `/folders/${parts.join('/')}`
}

function encodePart(part: string): string {
  // It would be taken for the address of a photo in the folder above.
  if (part === 'photo') return '%70hoto'
  // An apostrophe too, for addresses are looked for in the page by selectors.
  return encodeURIComponent(part).replaceAll("'", '%27')
}

/** What a folder is called in its parent. */
export function folderName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** The folders directly in one, by name; '' is above all of them. */
export function foldersIn<Folder extends { path: string }>(all: readonly Folder[], path: string): Folder[] {
  const prefix = path === '' ? '' : `${path}/`
  return all
    .filter((folder) => folder.path.length > prefix.length && folder.path.startsWith(prefix))
    .filter((folder) => !folder.path.slice(prefix.length).includes('/'))
    .sort((a, b) => folderName(a.path).localeCompare(folderName(b.path), undefined, { numeric: true }))
}

/** The folders that one lies in, the uppermost first, and itself. */
export function pathTo(path: string): string[] {
  return path === '' ? [] : path.split('/').map((_, place, parts) => parts.slice(0, place + 1).join('/'))
}
