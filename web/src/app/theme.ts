import { ref } from 'vue'

export type Theme = 'system' | 'light' | 'dark'

const stored = localStorage.getItem('pinhole.theme')

export const theme = ref<Theme>(stored === 'light' || stored === 'dark' ? stored : 'system')

export function chooseTheme(next: Theme): void {
  theme.value = next
  if (next === 'system') {
    localStorage.removeItem('pinhole.theme')
    delete document.documentElement.dataset.theme
  } else {
    localStorage.setItem('pinhole.theme', next)
    document.documentElement.dataset.theme = next
  }
}
