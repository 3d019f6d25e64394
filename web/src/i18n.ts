import { watch } from 'vue'
import { createI18n } from 'vue-i18n'
import { locales, type LocaleCode } from './locales'
import { preferences } from './stores/preferences'

export const i18n = createI18n({ legacy: false, locale: 'en', fallbackLocale: 'en', messages: {}, missingWarn: false })

async function use(code: LocaleCode): Promise<void> {
  const global = i18n.global
  if (!(global.availableLocales as string[]).includes(code)) {
    const file = await locales[code].load()
    global.setLocaleMessage(code, file.default)
  }
  // While the file was on its way another language may have been chosen.
  if (preferences.locale !== code) return
  global.locale.value = code as typeof global.locale.value
  document.documentElement.lang = code
}

/** Loads the viewer's language and follows every later choice, without a reload. */
export async function startI18n(): Promise<void> {
  watch(
    () => preferences.locale,
    (code) => void use(code),
  )
  await use(preferences.locale)
}
