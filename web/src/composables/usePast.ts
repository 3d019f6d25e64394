import { computed, type ComputedRef } from 'vue'
import { get, queryString } from '@/api/client'
import type { History } from '@/api/types'
import { now } from '@/stores/monitor'
import { refreshOf, secondsAgo, writeMoment, type TimeChoice } from './timeRange'
import { useResource, type Resource } from './useResource'
import { useTime } from './useTime'

/** How much is drawn before and after a moment that is looked at, in milliseconds. */
const around = 15 * 60_000

/** A point for about every other pixel: more would be noise. */
const wanted = 400
const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800]

/**
 * The step of a range up to now, in seconds, at least least; undefined where the monitor knows
 * better, because of a longer time ago it may keep nothing as fine.
 */
export function stepOf(time: TimeChoice, least: number): number | undefined {
  if (time.kind !== 'range' || time.to) return undefined
  const seconds = secondsAgo(time.from)
  if (seconds > 7 * 86_400) return undefined
  return steps.find((step) => step >= least && seconds / step <= wanted)
}

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
      const step = stepOf(time.value, parameters.value.dimension ? 60 : 1)
      const query = queryString({ ...parameters.value, step, ...seriesQuery(time.value, now.value) })
      return get<History>('/api/traffic-history', query, signal)
    },
    question,
    () => (parameters.value ? (time.value.kind === 'live' ? 10_000 : refreshOf(time.value)) : 0),
  )
}
