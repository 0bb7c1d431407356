import { shallowRef } from 'vue'

/** The photo that the viewer showed when it closed, and where on the screen; null while it is open. */
export const lastViewed = shallowRef<{ id: string; box: DOMRect | null } | null>(null)
