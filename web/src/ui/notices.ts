import { ref } from 'vue'

/** `action`: what can still be done about it, by a button. */
export type NoticeAction = { label: string; run: () => void }
export type Notice = { id: number; text: string; action?: NoticeAction }

const SHOWN_MS = 6000
/** Who is to do something about it has to find the button first. */
const SHOWN_WITH_ACTION_MS = 15_000

export const notices = ref<Notice[]>([])
let latest = 0

/** Tell something in passing, at the edge of the screen. Gives the number by which it can be dismissed. */
export function notify(text: string, action?: NoticeAction): number {
  const id = tell(text, action)
  setTimeout(() => dismiss(id), action ? SHOWN_WITH_ACTION_MS : SHOWN_MS)
  return id
}

/** Tell something that stays until it is dismissed; in place of what was told under `id` before, where there is one. */
export function tell(text: string, action?: NoticeAction, id = ++latest): number {
  const notice: Notice = action ? { id, text, action } : { id, text }
  const place = notices.value.findIndex((other) => other.id === id)
  if (place >= 0) notices.value = notices.value.with(place, notice)
  else notices.value = [...notices.value.filter((other) => other.text !== text), notice]
  return id
}

export function dismiss(id: number): void {
  notices.value = notices.value.filter((notice) => notice.id !== id)
}
