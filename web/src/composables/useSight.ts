import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import { liveState } from '@/stores/live'
import { series, seriesRevision, status } from '@/stores/monitor'
import { sightOf } from './coverage'
import { useFormat } from './useFormat'

/** How much of the traffic is being captured, and the words for it. The same wherever it is said. */
export function useSight() {
  const { t } = useI18n()
  const format = useFormat()
  const sight = computed(() => {
    const lost = liveState.connection === 'lost' || liveState.connection === 'stale'
    return sightOf(status.value, lost, seriesRevision.value >= 0 ? series.tally(series.end, 60) : undefined)
  })
  const tone = computed(() => (sight.value.kind === 'seen' ? sight.value.level : 'none'))
  const percent = computed(() => (sight.value.kind === 'seen' ? format.value.percent(sight.value.minute, 2) : ''))
  const label = computed(() => (percent.value ? t('seen.label', { percent: percent.value }) : t(`seen.${sight.value.kind}`)))
  const explanation = computed(() => {
    const s = sight.value
    if (s.kind !== 'seen') return t(`seen.explain.${s.kind}`)
    const text = t('seen.explain.seen', { percent: percent.value, total: format.value.percent(s.total, 3) })
    return status.value?.source.filter ? `${text} ${t('seen.filtered')}` : text
  })
  return { sight, tone, percent, label, explanation }
}
