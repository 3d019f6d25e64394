import { reactive, watchEffect } from 'vue'
import type { RateUnit } from '@/composables/format'
import { pickLocale, type LocaleCode } from '@/locales'

export type Theme = 'system' | 'light' | 'dark'

interface Preferences {
  theme: Theme
  locale: LocaleCode
  rateUnit: RateUnit
  /** Seconds of the live chart. */
  range: number
  chartLayout: 'mirrored' | 'stacked'
  mapMeasure: 'bytes' | 'rate'
}

function stored(key: string): string {
  try {
    return localStorage.getItem(`netflow.${key}`) ?? ''
  } catch {
    return ''
  }
}

function oneOf<T extends string>(value: string, choices: readonly T[], fallback: T): T {
  return choices.find((choice) => choice === value) ?? fallback
}

/** What the viewer chose; remembered in this browser. */
export const preferences: Preferences = reactive({
  theme: oneOf(stored('theme'), ['system', 'light', 'dark'] as const, 'system'),
  locale: pickLocale(stored('locale'), navigator.languages),
  rateUnit: oneOf(stored('rateUnit'), ['bit', 'byte'] as const, 'bit'),
  range: [60, 300, 900, 3600].find((seconds) => String(seconds) === stored('range')) ?? 300,
  chartLayout: oneOf(stored('chartLayout'), ['mirrored', 'stacked'] as const, 'mirrored'),
  mapMeasure: oneOf(stored('mapMeasure'), ['bytes', 'rate'] as const, 'bytes'),
})

/** Writes a choice down; a page without storage forgets it. */
export function rememberPreferences(): void {
  const before: Record<string, string> = Object.fromEntries(
    Object.entries(preferences).map(([key, value]) => [key, String(value)]),
  )
  watchEffect(() => {
    for (const [key, value] of Object.entries(preferences)) {
      // What was never chosen stays unwritten, so that it follows the browser's own setting.
      if (before[key] === String(value)) continue
      before[key] = String(value)
      try {
        localStorage.setItem(`netflow.${key}`, String(value))
      } catch {
        // Storage is full or blocked.
      }
    }
  })
  watchEffect(() => {
    const root = document.documentElement
    if (preferences.theme === 'system') delete root.dataset.theme
    else root.dataset.theme = preferences.theme
  })
}
