import { useI18n } from 'vue-i18n'
import { now } from '@/stores/monitor'
import { boundsOf, lengthOf, type TimeChoice } from './timeRange'
import { useFormat } from './useFormat'

/** The words for a time that can be looked at. */
export function useTimeText() {
  const { t } = useI18n()
  const format = useFormat()
  const last = (from: string): string => {
    const length = lengthOf(from)
    return length ? t('time.last', { duration: format.value.length(length.n, length.unit) }) : ''
  }
  function textOf(time: TimeChoice): string {
    if (time.kind === 'live') return t('time.live')
    if (time.kind === 'at') return format.value.dateTime(time.at)
    return (!time.to && last(time.from)) || format.value.span(...boundsOf(time, now.value))
  }
  return { textOf, last }
}
