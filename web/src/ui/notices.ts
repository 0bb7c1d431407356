import { ref } from 'vue'

/** `action`: what can still be done about it, by a button. */
export type NoticeAction = { label: string; run: () => void }
export type Notice = { id: number; text: string; action?: NoticeAction }

const SHOWN_MS = 6000
/** Who is to do something about it has to find the button first. */
const SHOWN_WITH_ACTION_MS = 15_000

export const notices = ref<Notice[]>([])
let latest = 0
let passing: { id: number; timer: ReturnType<typeof setTimeout> } | undefined

/** Tell something in passing, at the edge of the screen, in place of what was told so before. */
export function notify(text: string, action?: NoticeAction): void {
  clearTimeout(passing?.timer)
  const isShown = notices.value.some(({ id }) => id === passing?.id)
  const id = isShown ? tell(text, action, passing!.id) : tell(text, action)
  passing = { id, timer: setTimeout(() => dismiss(id), action ? SHOWN_WITH_ACTION_MS : SHOWN_MS) }
}

/** Tell what must not be missed, as what went wrong: it stays until it is dismissed. */
export function insist(text: string, action?: NoticeAction): void {
  tell(text, action)
}

/** Tell what stays until it is dismissed by its number; in place of what was told under `id` before, where there is one. */
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
