import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import { liveState } from '@/stores/live'
import { series, seriesRevision, status } from '@/stores/monitor'
import { sightOf } from './coverage'
import { lowCoverage } from './series'
import { useFormat } from './useFormat'

/** How much of the traffic is being captured, and the words for it. The same wherever it is said. */
export function useSight() {
  const { t } = useI18n()
  const format = useFormat()
  const sight = computed(() => {
    const lost = liveState.connection === 'lost' || liveState.connection === 'stale'
    const [minute, newest] = seriesRevision.value >= 0 ? [series.tally(series.end, 60), series.end] : []
    return sightOf(status.value, lost, minute, newest)
  })
  const tone = computed(() => {
    if (sight.value.kind === 'stalled') return 'bad'
    return sight.value.kind === 'seen' ? sight.value.level : 'none'
  })
  /** Digits where they tell something: from 99 % on. */
  const share = (part: number) => format.value.percent(part, part < lowCoverage ? 1 : 2)
  const percent = computed(() => (sight.value.kind === 'seen' ? share(sight.value.minute) : ''))
  const label = computed(() => (percent.value ? t('seen.label', { percent: percent.value }) : t(`seen.${sight.value.kind}`)))
  const explanation = computed(() => {
    const s = sight.value
    if (s.kind !== 'seen') return t(`seen.explain.${s.kind}`)
    const text = t('seen.explain.seen', { percent: percent.value, total: share(s.total) })
    return status.value?.source.filter ? `${text} ${t('seen.filtered')}` : text
  })
  return { share, sight, tone, percent, label, explanation }
}
