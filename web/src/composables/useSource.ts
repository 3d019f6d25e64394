import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import { status } from '@/stores/monitor'

const between = /(?<=\p{Script=Han}) (?=\p{Script=Han})/gu

/** Names what is monitored; a pipe, which has no name of its own, by a word of the viewer's language. */
export function useSource() {
  const { t } = useI18n()
  const nameOf = (source: string) => (source === 'stdin' ? t('monitor.stdin') : source)
  const source = computed(() => nameOf(status.value?.source.name || status.value?.interfaces.join(', ') || ''))

  /** A message about a source. Chinese sets a name apart from its words, and a word not. */
  function say(key: string, params: Record<string, unknown>): string {
    if (params.source !== 'stdin' && params.source !== t('monitor.stdin')) return t(key, params)
    const name = t('monitor.stdin')
    const text = t(key, { ...params, source: name })
    const sentence = text.startsWith(name) ? text.charAt(0).toUpperCase() + text.slice(1) : text
    return sentence.replace(between, '')
  }
  return { nameOf, source, say }
}
