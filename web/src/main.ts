import '@fontsource-variable/inter/wght.css'
import './ui/base.css'
import { createApp } from 'vue'
import App from './app/App.vue'
import { router } from './app/router'
import { keeper } from './auth/keeper'
import { prepareOffline } from './offline/offline'
import { language } from './texts/language'
import { speak } from './texts/texts'
import { useOwnFont } from './ui/font'

await Promise.all([keeper.load(), speak(navigator.languages)])
document.documentElement.lang = language.value
createApp(App).use(router).mount('#app')
router.isReady().then(useOwnFont, () => {}) // The router tells of it.
prepareOffline()
