/** Where keys write, or choose by their letters. */
export const FIELDS = 'input:not([type=checkbox], [type=radio], [type=range]), textarea, select, [contenteditable], [role=menu] *'

/** Whether somebody is writing just now: what comes late takes the keys away from nobody who is. */
export function isWriting(): boolean {
  return document.activeElement?.matches(FIELDS) ?? false
}
