import { ref } from 'vue'

/** Id of the photo that the viewer showed when it closed; null while it is open. */
export const lastViewed = ref<string | null>(null)
