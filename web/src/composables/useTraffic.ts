import { computed, ref, shallowRef, watch, type Ref } from 'vue'
import { ApiError, get, queryString } from '@/api/client'
import type { History } from '@/api/types'
import { now, series, seriesRevision, status } from '@/stores/monitor'
import { Series, type Range } from './series'
import { useResource } from './useResource'

/** How far an answer reaches back before the newest step, in seconds: late ones are corrected. */
const overlap = 5

/** The drawn points of a live range while wanted: of all interfaces as they are pushed, of a single one as it is asked for. */
export function useTraffic(name: Ref<string>, range: Ref<Range>, wanted: Ref<boolean>) {
  const own = shallowRef(new Series())
  const revision = ref(0)
  const answered = ref(0)
  const refused = shallowRef<ApiError | null>(null)
  const question = computed(() => `${name.value} ${range.value.seconds} ${wanted.value}`)
  watch(question, () => {
    own.value = new Series()
    refused.value = null
    answered.value = 0
  })

  const { error, reload } = useResource(async (signal) => {
    if (!name.value || !wanted.value) return
    // What was refused once is refused again: the same question is not put each second.
    if (refused.value) throw refused.value
    const { seconds, bucket } = range.value
    const mine = own.value
    const known = answered.value > 0 && !mine.empty
    const from = known ? mine.end - Math.max(bucket, overlap) * 1000 : now.value - (seconds + bucket) * 1000
    const query = { interface: name.value, from: new Date(from).toISOString(), step: bucket }
    const history = await get<History>('/api/traffic-history', queryString(query), signal).catch((cause: unknown) => {
      if (mine === own.value && cause instanceof ApiError && cause.problem.code === 'bad_parameter') refused.value = cause
      throw cause
    })
    if (mine !== own.value) return
    mine.apply(history, !known)
    answered.value = now.value
    revision.value++
  }, question, 1000)

  function again(): void {
    refused.value = null
    void reload()
  }

  const file = computed(() => status.value?.source.kind === 'file')
  const end = computed(() => {
    if (name.value) return revision.value >= 0 ? own.value.endAt(file.value ? 0 : answered.value) : 0
    return seriesRevision.value >= 0 ? series.endAt(file.value ? 0 : now.value) : 0
  })
  const buckets = computed(() => {
    const { seconds, bucket } = range.value
    if (name.value) return revision.value >= 0 ? own.value.window(end.value, seconds, bucket) : []
    return seriesRevision.value >= 0 ? series.window(end.value, seconds, bucket) : []
  })
  const loading = computed(() => name.value !== '' && answered.value === 0)
  return { buckets, end, loading, error: computed(() => (name.value ? error.value : null)), reload: again }
}
