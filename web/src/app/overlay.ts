import { ref } from 'vue'

/** What lies over everything else. */
export const overlay = ref<'palette' | 'keys' | null>(null)

/** Somebody has asked elsewhere than in the menu of the account to be logged out, here or on all devices. */
export const wantsToLeave = ref<'here' | 'everywhere' | null>(null)

/** Somebody has asked elsewhere than in the box to search. */
export const wantsToSearch = ref(false)

/** What was typed for the palette before it was here. */
export const typedAhead = ref('')

export function openPalette(): void {
  typedAhead.value = ''
  overlay.value = 'palette'
}
