import { computed, type ComputedRef } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import { now } from '@/stores/monitor'
import { liveTime, parseTime, timeQuery, withoutTime, type TimeChoice } from './timeRange'

export interface Time {
  time: ComputedRef<TimeChoice>
  live: ComputedRef<boolean>
  /** The moment that is looked at, in milliseconds, null if it is none. */
  at: ComputedRef<number | null>
  /** What belongs into each link, so that it leads to the same time. */
  kept: ComputedRef<Record<string, string>>
  /** What "ago" is counted from. */
  clock: ComputedRef<number>
  choose: (time: TimeChoice) => void
  goLive: () => void
}

/** The time that the page looks at. It lives in the address, so that a view can be kept and shown to others. */
export function useTime(): Time {
  const route = useRoute()
  const router = useRouter()
  const time = computed<TimeChoice>((before) => {
    const next = parseTime(route.query)
    return before && JSON.stringify(before) === JSON.stringify(next) ? before : next
  })
  const at = computed(() => (time.value.kind === 'at' ? Date.parse(time.value.at) : null))

  function choose(next: TimeChoice): void {
    void router.push({ query: { ...withoutTime(route.query), ...timeQuery(next) } })
  }
  return {
    time,
    live: computed(() => time.value.kind === 'live'),
    at,
    kept: computed(() => timeQuery(time.value)),
    clock: computed(() => at.value ?? now.value),
    choose,
    goLive: () => choose(liveTime),
  }
}
