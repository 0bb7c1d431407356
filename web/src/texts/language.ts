import { ref } from 'vue'

/** What texts, dates and numbers are written in, as a BCP 47 tag with the region that the reader wished for. */
export const language = ref('en')
