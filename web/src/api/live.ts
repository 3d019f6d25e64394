import type { Problem, ServerMessage, Subscription, Topic, TopicPayload } from './types'

/**
 * How the connection stands: "stale" is open but silent for longer than the
 * monitor's one second allows; "lost" is closed with another attempt to come.
 */
export type Connection = 'connecting' | 'open' | 'stale' | 'lost'

export interface Update<T> {
  data: T
  time: string
  /** The whole picture, not only what is new since the last update. */
  snapshot: boolean
}

export interface Listener<T> {
  update(update: Update<T>): void
  error?(problem: Problem): void
}

/** What LiveClient needs of a WebSocket; tests bring their own. */
export interface Socket {
  onopen: (() => void) | null
  onclose: (() => void) | null
  onmessage: ((event: { data: unknown }) => void) | null
  send(text: string): void
  close(): void
}

export interface LiveOptions {
  connect: () => Socket
  onConnection?: (state: Connection, retryAt: number | null) => void
  onVersion?: (version: string) => void
  /** 0 to 1; spreads the attempts of many pages. */
  random?: () => number
}

const firstDelay = 500
const longestDelay = 15_000
const staleAfter = 4_000
const deadAfter = 15_000
const together = 60

/** The pause before attempt n (from 0) in milliseconds: doubling, bounded, spread by a quarter. */
export function backOff(attempt: number, random: number): number {
  const delay = Math.min(longestDelay, firstDelay * 2 ** Math.min(attempt, 10))
  return Math.round(delay * (0.75 + random * 0.25))
}

type AnyListener = Listener<unknown>

/**
 * One WebSocket for the whole page: a set of subscriptions that is sent whenever
 * it changes and again after each reconnect.
 */
export class LiveClient {
  private readonly options: LiveOptions
  private readonly listeners = new Map<string, Set<AnyListener>>()
  private socket: Socket | null = null
  private opened = false
  private attempt = 0
  private stopped = true
  private sending = false
  private retryTimer: ReturnType<typeof setTimeout> | undefined
  private silenceTimer: ReturnType<typeof setTimeout> | undefined
  private flushTimer: ReturnType<typeof setTimeout> | undefined
  private readonly waiting: ServerMessage[] = []

  constructor(options: LiveOptions) {
    this.options = options
  }

  start(): void {
    if (!this.stopped) return
    this.stopped = false
    this.open()
  }

  stop(): void {
    this.stopped = true
    this.clearTimers()
    this.drop()
  }

  /** Tries at once instead of waiting for the next attempt. */
  retry(): void {
    if (this.stopped || this.socket) return
    clearTimeout(this.retryTimer)
    this.open()
  }

  /** Returns the function that ends the subscription. */
  subscribe<T extends Topic>(topic: T, query: string, listener: Listener<TopicPayload[T]>): () => void {
    const key = keyOf(topic, query)
    const set = this.listeners.get(key) ?? new Set<AnyListener>()
    this.listeners.set(key, set)
    set.add(listener as AnyListener)
    this.sendSoon()
    return () => {
      set.delete(listener as AnyListener)
      if (set.size > 0 || this.listeners.get(key) !== set) return
      this.listeners.delete(key)
      this.sendSoon()
    }
  }

  private open(): void {
    this.options.onConnection?.('connecting', null)
    const socket = this.options.connect()
    this.socket = socket
    socket.onopen = () => {
      this.opened = true
      this.sendNow()
      this.heard()
    }
    socket.onmessage = (event) => this.receive(event.data)
    socket.onclose = () => this.closed()
  }

  private closed(): void {
    this.drop()
    if (this.stopped) return
    const delay = backOff(this.attempt++, (this.options.random ?? Math.random)())
    this.options.onConnection?.('lost', Date.now() + delay)
    this.retryTimer = setTimeout(() => this.open(), delay)
  }

  private drop(): void {
    clearTimeout(this.silenceTimer)
    clearTimeout(this.flushTimer)
    this.flushTimer = undefined
    this.waiting.length = 0
    const socket = this.socket
    this.socket = null
    this.opened = false
    if (!socket) return
    socket.onopen = socket.onmessage = socket.onclose = null
    socket.close()
  }

  private receive(text: unknown): void {
    if (typeof text !== 'string') return
    const message = parse(text)
    if (!message) return
    this.attempt = 0
    this.heard()
    if (message.type === 'hello') {
      this.options.onVersion?.(message.version)
      return
    }
    if (message.type !== 'update') return this.deliver(message)
    // The topics' updates come one by one within milliseconds: together they cost one rendering.
    this.waiting.push(message)
    this.flushTimer ??= setTimeout(() => this.flush(), together)
  }

  private flush(): void {
    this.flushTimer = undefined
    for (const message of this.waiting.splice(0)) this.deliver(message)
  }

  private deliver(message: ServerMessage): void {
    const set = this.listeners.get(keyOf(message.topic, message.query ?? ''))
    if (!set) return
    for (const listener of [...set]) tell(listener, message)
  }

  private heard(): void {
    this.options.onConnection?.('open', null)
    clearTimeout(this.silenceTimer)
    if (this.listeners.size === 0) return
    this.silenceTimer = setTimeout(() => {
      this.options.onConnection?.('stale', null)
      this.silenceTimer = setTimeout(() => this.closed(), deadAfter - staleAfter)
    }, staleAfter)
  }

  // Views subscribe and unsubscribe in bursts when they change: one message tells it all.
  private sendSoon(): void {
    if (this.sending) return
    this.sending = true
    queueMicrotask(() => {
      this.sending = false
      this.sendNow()
    })
  }

  private sendNow(): void {
    if (!this.socket || !this.opened) return
    const topics: Subscription[] = [...this.listeners.keys()].map(subscriptionOf)
    this.socket.send(JSON.stringify({ type: 'subscribe', topics }))
  }

  private clearTimers(): void {
    clearTimeout(this.retryTimer)
    clearTimeout(this.silenceTimer)
  }
}

function tell(listener: AnyListener, message: ServerMessage): void {
  if (message.type === 'error') {
    if (message.error) listener.error?.(message.error)
    return
  }
  listener.update({ data: message.data, time: message.time, snapshot: message.type === 'snapshot' })
}

function parse(text: string): ServerMessage | null {
  try {
    return JSON.parse(text) as ServerMessage
  } catch {
    return null
  }
}

function keyOf(topic: string, query: string): string {
  return `${topic}?${query}`
}

function subscriptionOf(key: string): Subscription {
  const at = key.indexOf('?')
  return { topic: key.slice(0, at), query: key.slice(at + 1) }
}
