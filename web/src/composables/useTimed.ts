import { computed, shallowRef, watch, type ComputedRef, type ShallowRef } from 'vue'
import { get, queryString, type ApiError, type Parameters } from '@/api/client'
import type { Topic, TopicPayload } from '@/api/types'
import { refreshOf, timeQuery, type TimeChoice } from './timeRange'
import type { List } from './useList'
import { useResource } from './useResource'
import { useTime } from './useTime'
import { useTopic } from './useTopic'

export interface Timed<T> {
  data: ShallowRef<T | null>
  error: ShallowRef<ApiError | null>
  reload: () => Promise<void>
}

/**
 * What a topic says while the page is live, else what the API answers about the time that is looked at.
 * past are parameters that only a past time takes; asked is how the API is asked about a time.
 */
export function useTimed<T extends Topic>(
  topic: T,
  path: string,
  parameters: () => Parameters,
  { past = () => ({}) as Parameters, asked: write = timeQuery } = {},
): Timed<TopicPayload[T]> {
  const { time, live } = useTime()
  return timed(topic, path, computed(() => queryString({ ...parameters(), ...(live.value ? {} : past()), ...write(time.value) })), false)
}

function timed<T extends Topic>(topic: T, path: string, query: ComputedRef<string>, first: boolean): Timed<TopicPayload[T]> {
  const { time, live } = useTime()
  const data: ShallowRef<TopicPayload[T] | null> = shallowRef(null)
  const asked = useResource(
    (signal) => (live.value && !first ? Promise.resolve(null) : get<TopicPayload[T]>(path, query.value, signal)),
    query,
    () => refreshOf(time.value),
  )
  const pushed = useTopic(topic, () => (live.value && !asked.error.value ? query.value : null))
  // Nothing of one time is left standing under the name of another.
  watch(() => time.value.kind, () => (data.value = null), { flush: 'sync' })
  watch(asked.data, (answer) => {
    if (answer) data.value = answer
  })
  watch(pushed.data, (answer) => {
    if (answer && live.value) data.value = answer
  })
  return { data, error: asked.error, reload: asked.reload }
}

/** A list of the time that is looked at; the API is asked first, because it explains what it refuses. */
export function useTimedList<T extends Topic>(topic: T, path: string, list: List): Timed<TopicPayload[T]> {
  return timed(topic, path, list.api, true)
}

/** The event log knows no moment: it is asked for what had happened until then. */
export function eventsUntil(time: TimeChoice): Record<string, string> {
  return time.kind === 'at' ? { to: time.at } : timeQuery(time)
}
