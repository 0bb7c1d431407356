import { ref } from 'vue'

export type Notice = { id: number; text: string }

const SHOWN_MS = 6000

export const notices = ref<Notice[]>([])
let latest = 0

/** Tell something in passing, at the edge of the screen. */
export function notify(text: string): void {
  const id = ++latest
  notices.value = [...notices.value.filter((notice) => notice.text !== text), { id, text }]
  setTimeout(() => dismiss(id), SHOWN_MS)
}

export function dismiss(id: number): void {
  notices.value = notices.value.filter((notice) => notice.id !== id)
}
