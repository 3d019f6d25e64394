import { reactive, readonly } from 'vue'
import { LiveClient, type Connection, type Socket } from '@/api/live'
import { refreshAccess } from './access'

interface LiveState {
  connection: Connection
  /** When the next attempt begins, in milliseconds since 1970; null if none is due. */
  retryAt: number | null
  /** It was open at least once. */
  everOpen: boolean
  /** The monitor's version when this page was loaded, and whether it has changed since. */
  version: string
  outdated: boolean
}

const state = reactive<LiveState>({
  connection: 'connecting',
  retryAt: null,
  everOpen: false,
  version: '',
  outdated: false,
})

export const liveState = readonly(state)

export const live = new LiveClient({
  connect: () => new WebSocket(`${location.origin.replace(/^http/, 'ws')}/api/ws`) as unknown as Socket,
  onConnection: (connection, retryAt) => {
    const failed = connection === 'lost'
    state.connection = connection === 'connecting' && state.connection === 'lost' ? 'lost' : connection
    state.retryAt = retryAt
    if (connection === 'open') state.everOpen = true
    // A refused handshake looks like any other loss: ask whether the sign-in has ended.
    if (failed) void refreshAccess()
  },
  onVersion: (version) => {
    if (state.version && state.version !== version) state.outdated = true
    state.version ||= version
  },
})

/** Connects, and reconnects at once when the network or the viewer is back. */
export function startLive(): void {
  live.start()
  addEventListener('online', () => live.retry())
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') live.retry()
  })
}
