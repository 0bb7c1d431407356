import { nextTick } from 'vue'

/**
 * To be called before what has the focus may go by what it does, as a button to pause. The function that it returns is called
 * once that is done: the focus is then on the heading of the row, or else of the section, instead of nowhere.
 */
export function keepFocus(): () => Promise<void> {
  const headings = ['li', 'section'].map((around) => document.activeElement?.closest(around)?.querySelector<HTMLElement>('h2, h3'))
  return async () => {
    await nextTick()
    const heading = headings.find((one) => one?.isConnected)
    if (!heading || document.activeElement !== document.body) return
    heading.tabIndex = -1
    heading.focus()
  }
}
