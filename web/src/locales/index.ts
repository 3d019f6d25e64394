/** The languages of the page, in their own names. Adding one: a file beside this and a line here. */
export const locales = {
  en: { name: 'English', short: 'EN', load: () => import('./en.json') },
  'zh-CN': { name: '简体中文', short: '中文', load: () => import('./zh-CN.json') },
} as const

export type LocaleCode = keyof typeof locales

export const localeCodes = Object.keys(locales) as LocaleCode[]

/** The remembered language, else the first of the viewer's that we speak, else English. */
export function pickLocale(remembered: string, wanted: readonly string[]): LocaleCode {
  for (const tag of [remembered, ...wanted]) {
    const exact = localeCodes.find((code) => code === tag)
    if (exact) return exact
    const language = tag.toLowerCase().split('-')[0]
    const close = localeCodes.find((code) => code.split('-')[0] === language)
    if (language && close) return close
  }
  return 'en'
}
