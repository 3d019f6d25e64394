import { computed, type ComputedRef } from 'vue'
import { preferences } from '@/stores/preferences'
import { createFormat, type Format } from './format'

const format = computed(() => createFormat(preferences.locale, preferences.rateUnit))

/** The viewer's way of writing numbers, times and places. */
export function useFormat(): ComputedRef<Format> {
  return format
}
