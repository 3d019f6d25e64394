import { createApp } from 'vue'
import App from './App.vue'
import { i18n, startI18n } from './i18n'
import { router } from './router'
import { rememberPreferences } from './stores/preferences'
import './styles/tokens.css'
import './styles/base.css'

rememberPreferences()
await startI18n()
createApp(App).use(i18n).use(router).mount('#app')
