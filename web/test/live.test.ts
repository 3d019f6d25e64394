import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { backOff, LiveClient, type Connection, type Socket } from '@/api/live'

class FakeSocket implements Socket {
  onopen: (() => void) | null = null
  onclose: (() => void) | null = null
  onmessage: ((event: { data: unknown }) => void) | null = null
  sent: { type: string; topics: { topic: string; query: string }[] }[] = []
  closed = false
  send(text: string): void {
    this.sent.push(JSON.parse(text))
  }
  close(): void {
    this.closed = true
  }
  receive(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) })
  }
}

let sockets: FakeSocket[]
let states: Connection[]
let versions: string[]
let client: LiveClient

const last = (): FakeSocket => {
  const socket = sockets.at(-1)
  if (!socket) throw new Error('no socket')
  return socket
}
const tick = () => vi.advanceTimersByTimeAsync(0)

beforeEach(() => {
  vi.useFakeTimers()
  sockets = []
  states = []
  versions = []
  client = new LiveClient({
    connect: () => {
      const socket = new FakeSocket()
      sockets.push(socket)
      return socket
    },
    onConnection: (state) => {
      if (states.at(-1) !== state) states.push(state)
    },
    onVersion: (version) => versions.push(version),
    random: () => 1,
  })
})
afterEach(() => {
  client.stop()
  vi.useRealTimers()
})

describe('backOff', () => {
  it('doubles up to a bound and is spread', () => {
    expect([0, 1, 2, 3, 4, 5, 6].map((n) => backOff(n, 1))).toEqual([500, 1000, 2000, 4000, 8000, 15000, 15000])
    expect(backOff(1, 0)).toBe(750)
    expect(backOff(1e6, 1)).toBe(15000)
  })
})

describe('LiveClient', () => {
  it('sends the whole set of subscriptions once per change', async () => {
    client.start()
    client.subscribe('status', '', { update: () => undefined })
    const end = client.subscribe('sessions', 'page=1', { update: () => undefined })
    last().onopen?.()
    await tick()
    expect(last().sent.at(-1)?.topics).toEqual([{ topic: 'status', query: '' }, { topic: 'sessions', query: 'page=1' }])
    const before = last().sent.length
    end()
    client.subscribe('sessions', 'page=2', { update: () => undefined })
    await tick()
    expect(last().sent).toHaveLength(before + 1)
    expect(last().sent.at(-1)?.topics).toEqual([{ topic: 'status', query: '' }, { topic: 'sessions', query: 'page=2' }])
  })

  it('delivers to those who asked, and to nobody after they left', () => {
    const update = vi.fn()
    client.start()
    const end = client.subscribe('sessions', 'a=1', { update })
    last().onopen?.()
    last().receive({ type: 'snapshot', topic: 'sessions', query: 'a=1', time: 't', data: 1 })
    last().receive({ type: 'update', topic: 'sessions', query: 'a=2', time: 't', data: 2 })
    expect(update.mock.calls).toEqual([[{ data: 1, time: 't', snapshot: true }]])
    end()
    end()
    last().receive({ type: 'update', topic: 'sessions', query: 'a=1', time: 't', data: 3 })
    expect(update).toHaveBeenCalledTimes(1)
  })

  it('delivers updates that come together in one go, and snapshots at once', async () => {
    const told: string[] = []
    client.start()
    client.subscribe('status', '', { update: ({ snapshot }) => told.push(`status ${snapshot}`) })
    client.subscribe('events', '', { update: ({ snapshot }) => told.push(`events ${snapshot}`) })
    last().onopen?.()
    last().receive({ type: 'update', topic: 'status', query: '', time: 't', data: 1 })
    await vi.advanceTimersByTimeAsync(20)
    last().receive({ type: 'update', topic: 'events', query: '', time: 't', data: 1 })
    expect(told).toEqual([])
    await vi.advanceTimersByTimeAsync(40)
    expect(told).toEqual(['status false', 'events false'])
    last().receive({ type: 'snapshot', topic: 'status', query: '', time: 't', data: 1 })
    expect(told).toHaveLength(3)
  })

  it('tells a refused subscription', () => {
    const error = vi.fn()
    client.start()
    client.subscribe('sessions', 'x=1', { update: () => undefined, error })
    last().onopen?.()
    last().receive({ type: 'error', topic: 'sessions', query: 'x=1', error: { code: 'bad_parameter' } })
    expect(error).toHaveBeenCalledWith({ code: 'bad_parameter' })
  })

  it('reconnects with growing pauses and subscribes again', async () => {
    client.start()
    client.subscribe('status', '', { update: () => undefined })
    last().onclose?.()
    expect(states).toEqual(['connecting', 'lost'])
    await vi.advanceTimersByTimeAsync(499)
    expect(sockets).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(sockets).toHaveLength(2)
    last().onclose?.()
    await vi.advanceTimersByTimeAsync(999)
    expect(sockets).toHaveLength(2)
    await vi.advanceTimersByTimeAsync(1)
    last().onopen?.()
    expect(last().sent[0]?.topics).toHaveLength(1)
    expect(states.at(-1)).toBe('open')
  })

  it('starts with short pauses again only when the monitor has spoken', async () => {
    client.start()
    for (let i = 0; i < 3; i++) {
      last().onopen?.()
      last().onclose?.()
      await vi.advanceTimersByTimeAsync(20_000)
    }
    const before = sockets.length
    last().onopen?.()
    last().onclose?.()
    await vi.advanceTimersByTimeAsync(3999)
    expect(sockets).toHaveLength(before)
    await vi.advanceTimersByTimeAsync(1)
    last().onopen?.()
    last().receive({ type: 'hello', version: '1', topic: '', query: '', time: '' })
    last().onclose?.()
    await vi.advanceTimersByTimeAsync(500)
    expect(sockets).toHaveLength(before + 2)
  })

  it('calls silence stale, and in the end gives the connection up', async () => {
    client.start()
    client.subscribe('status', '', { update: () => undefined })
    const first = last()
    first.onopen?.()
    await vi.advanceTimersByTimeAsync(4000)
    expect(states.at(-1)).toBe('stale')
    first.receive({ type: 'update', topic: 'status', query: '', time: '', data: {} })
    expect(states.at(-1)).toBe('open')
    await vi.advanceTimersByTimeAsync(15_000)
    expect(states.at(-1)).toBe('lost')
    expect(first.closed).toBe(true)
  })

  it('retries at once when asked, and never twice at a time', async () => {
    client.start()
    last().onclose?.()
    client.retry()
    client.retry()
    expect(sockets).toHaveLength(2)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(sockets).toHaveLength(2)
  })

  it('stays silent after stop', async () => {
    client.start()
    last().onclose?.()
    client.stop()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(sockets).toHaveLength(1)
  })

  it('says the version and survives what is no message', () => {
    client.start()
    last().onopen?.()
    last().onmessage?.({ data: '{' })
    last().onmessage?.({ data: new ArrayBuffer(1) })
    last().receive({ type: 'hello', version: '2.0', topic: '', query: '', time: '' })
    expect(versions).toEqual(['2.0'])
  })
})
