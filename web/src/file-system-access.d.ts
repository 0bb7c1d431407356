// Parts of the File System Access API that TypeScript's own library leaves out, since not every browser has them.

interface FileSystemHandle {
  queryPermission(descriptor: { mode: 'read' }): Promise<PermissionState>
  requestPermission(descriptor: { mode: 'read' }): Promise<PermissionState>
}

interface FileSystemFileHandle {
  /** Chromium alone. */
  remove?(): Promise<void>
}

interface DataTransferItem {
  getAsFileSystemHandle(): Promise<FileSystemHandle | null>
}

interface Window {
  showOpenFilePicker(options: {
    multiple: boolean
    types: { description: string; accept: Record<string, string[]> }[]
  }): Promise<FileSystemFileHandle[]>
  showSaveFilePicker(options: {
    suggestedName: string
    types: { description: string; accept: Record<string, string[]> }[]
  }): Promise<FileSystemFileHandle>
  showDirectoryPicker(): Promise<FileSystemDirectoryHandle>
}
