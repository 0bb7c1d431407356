import { ref } from 'vue'

/** What lies over everything else. */
export const overlay = ref<'palette' | 'keys' | null>(null)

/** What was typed for the palette before it was here. */
export const typedAhead = ref('')

export function openPalette(): void {
  typedAhead.value = ''
  overlay.value = 'palette'
}
