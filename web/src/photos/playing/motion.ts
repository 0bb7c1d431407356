/** Whether what moves may begin by itself: not for who wants little motion, or pays for each byte. */
export function mayMove(): boolean {
  const { connection } = navigator as { connection?: { saveData?: boolean } }
  return !matchMedia('(prefers-reduced-motion: reduce)').matches && !connection?.saveData
}
