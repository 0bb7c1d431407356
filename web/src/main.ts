import '@fontsource-variable/inter/wght.css'
import './ui/base.css'
import { createApp } from 'vue'
import App from './App.vue'
import { keeper } from './auth/keeper'
import { router } from './router'

await keeper.load()
createApp(App).use(router).mount('#app')
