import { ref } from 'vue'

/** Whether the browser believes that it has a network at all. */
export const online = ref(navigator.onLine)

window.addEventListener('online', () => (online.value = true))
window.addEventListener('offline', () => (online.value = false))
