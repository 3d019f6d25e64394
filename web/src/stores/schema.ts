import { computed, shallowRef } from 'vue'
import { get } from '@/api/client'
import type { Schema } from '@/api/types'
import { preferences } from './preferences'

const answer = shallowRef<Schema | null>(null)
let asked: Promise<void> | null = null

/** What the monitor can be asked for, null before it has said so. */
export function useSchema() {
  asked ??= get<Schema>('/api/schema').then(
    (schema) => void (answer.value = schema),
    // The next one who needs it asks again.
    () => void (asked = null),
  )
  return answer
}

/** The dimensions in the viewer's language, for menus. */
export const dimensions = computed(() =>
  (answer.value?.dimensions ?? []).map((d) => ({
    value: d.name,
    text: preferences.locale === 'zh-CN' ? d.title_zh : d.title_en,
  })),
)
