import { onScopeDispose, shallowRef, toValue, watch, type MaybeRefOrGetter, type ShallowRef } from 'vue'
import type { Problem, Topic, TopicPayload } from '@/api/types'
import { live } from '@/stores/live'

export interface TopicState<T> {
  data: ShallowRef<T | null>
  problem: ShallowRef<Problem | null>
}

/** The newest message of a topic for as long as the component lives; a null query pauses it. */
export function useTopic<T extends Topic>(
  topic: T,
  query: MaybeRefOrGetter<string | null> = '',
): TopicState<TopicPayload[T]> {
  const data: ShallowRef<TopicPayload[T] | null> = shallowRef(null)
  const problem = shallowRef<Problem | null>(null)
  let end = () => {}
  watch(
    () => toValue(query),
    (text) => {
      end()
      end = () => {}
      problem.value = null
      if (text === null) return
      end = live.subscribe(topic, text, {
        update: (update) => {
          data.value = update.data
          problem.value = null
        },
        error: (refused) => (problem.value = refused),
      })
    },
    { immediate: true },
  )
  onScopeDispose(() => end())
  return { data, problem }
}
