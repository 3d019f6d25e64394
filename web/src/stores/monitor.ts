import { computed, readonly, ref, shallowRef } from 'vue'
import { get, post } from '@/api/client'
import type { History, MonitoringResult, Status } from '@/api/types'
import { Series } from '@/composables/series'
import { live } from './live'

const latest = shallowRef<Status | null>(null)
const switching = ref(false)

/** The newest status, null before the first. */
export const status = readonly(latest)

/** The monitor's clock in milliseconds: the packets' time while a file is replayed. */
export const now = computed(() => (latest.value ? Date.parse(latest.value.time) : Date.now()))

/** A start or stop is on its way. */
export const isSwitching = readonly(switching)

export const series = new Series()
/** Rises with every change of the series, which itself is too large to be reactive. */
export const seriesRevision = ref(0)

/** Follows the status and the traffic for as long as the page lives. */
export function startMonitor(): void {
  live.subscribe('status', '', { update: ({ data }) => (latest.value = data) })
  live.subscribe('traffic', '', { update: ({ data, snapshot }) => addTraffic(data, snapshot) })
  void refreshStatus()
}

function addTraffic(history: History, snapshot: boolean): void {
  series.apply(history, snapshot)
  seriesRevision.value++
}

export async function refreshStatus(): Promise<void> {
  try {
    latest.value = await get<Status>('/api/status')
  } catch {
    // The live connection brings it, or says that it is lost.
  }
}

/** Starts or stops the capture; the state on the page changes when the monitor says so. */
export async function switchMonitoring(on: boolean): Promise<void> {
  if (switching.value) return
  switching.value = true
  try {
    await post<MonitoringResult>(on ? '/api/start-monitoring' : '/api/stop-monitoring')
    await refreshStatus()
  } finally {
    switching.value = false
  }
}
