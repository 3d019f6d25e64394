import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import { status } from '@/stores/monitor'

const between = /(?<=\p{Script=Han}) (?=\p{Script=Han})/gu
/** More names than these are counted. */
const spelledOut = 3

/** Names what is monitored; what has no name of its own, a pipe or all interfaces, by words of the viewer's language. */
export function useSource() {
  const { t } = useI18n()

  function wordsOf(source: string): string {
    if (source === 'stdin') return t('monitor.stdin')
    return source === 'any' || source === 'all interfaces' ? t('monitor.any') : ''
  }

  /** Also of several interfaces, which come with commas between. */
  function nameOf(source: string): string {
    const words = wordsOf(source)
    if (words) return words
    const names = source.split(',').map((name) => name.trim())
    if (names.length < 2 || status.value?.source.kind === 'file') return source
    const first = names.slice(0, names.length > spelledOut ? spelledOut - 1 : spelledOut).join(t('monitor.comma'))
    const rest = names.length > spelledOut ? names.length - spelledOut + 1 : 0
    return rest ? t('monitor.andMore', { names: first, n: rest }, rest) : first
  }
  /** As nameOf, and how many all of them are now. */
  function counted(source: string): string {
    const n = status.value?.interfaces.length ?? 0
    return source === 'any' && n > 0 ? t('monitor.anyOf', { n }, n) : nameOf(source)
  }
  const raw = computed(() => status.value?.source.name || status.value?.interfaces.join(',') || '')
  const source = computed(() => counted(raw.value))

  /** A message about a source. Chinese sets a name apart from its words, and a word not. */
  function say(key: string, params: Record<string, unknown>, write = nameOf): string {
    const given = String(params.source ?? '')
    const name = write(given)
    const text = t(key, { ...params, source: name })
    if (!wordsOf(given)) return text
    const sentence = text.startsWith(name) ? text.charAt(0).toUpperCase() + text.slice(1) : text
    return sentence.replace(between, '')
  }
  return { nameOf, counted, raw, source, say }
}
