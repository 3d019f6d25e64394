import { computed, type ComputedRef } from 'vue'
import { get, queryString } from '@/api/client'
import type { History } from '@/api/types'
import { now } from '@/stores/monitor'
import { refreshOf, writeMoment, type TimeChoice } from './timeRange'
import { useResource, type Resource } from './useResource'
import { useTime } from './useTime'

/** How much is drawn before and after a moment that is looked at, in milliseconds. */
const around = 15 * 60_000

/** The time of a series as the API's from and to: a moment has some time around it, the present the last hour. */
export function seriesQuery(time: TimeChoice, clock: number): Record<string, string> {
  if (time.kind === 'live') return { from: '-1h' }
  if (time.kind === 'range') return time.to ? { from: time.from, to: time.to } : { from: time.from }
  const at = Date.parse(time.at)
  return { from: writeMoment(at - around), to: writeMoment(Math.max(at + 1000, Math.min(clock, at + around))) }
}

/** A stored series of the time that is looked at; without parameters nothing is asked for. */
export function usePast(parameters: ComputedRef<Record<string, string> | null>): Resource<History | null> {
  const { time } = useTime()
  const question = computed(() => (parameters.value ? `${JSON.stringify(time.value)} ${queryString(parameters.value)}` : ''))
  return useResource(
    (signal) => {
      if (!parameters.value) return Promise.resolve(null)
      const query = queryString({ ...parameters.value, ...seriesQuery(time.value, now.value) })
      return get<History>('/api/traffic-history', query, signal)
    },
    question,
    () => (parameters.value ? (time.value.kind === 'live' ? 10_000 : refreshOf(time.value)) : 0),
  )
}
