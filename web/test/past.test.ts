import { describe, expect, it } from 'vitest'
import type { History, HistoryPoint, RankPoint } from '@/api/types'
import { bucketsOf, bucketsOfAddress, previousOf, stackOf, sumsOf } from '@/composables/past'

const point = (time: string, values: Partial<HistoryPoint> = {}): HistoryPoint => ({
  time, bytes_in: 0, bytes_out: 0, bytes_other: 0, packets_in: 0, packets_out: 0, packets_other: 0, new_sessions: 0, active_sessions: 0,
  retransmits: 0, dropped: 0, refused: 0, truncated: 0, duplicates: 0, captured: 0, offloaded: 0, kernel_packets: 0, kernel_missed: 0,
  kernel_dropped: 0, coverage: 1, observed: 1, ...values,
})
const rank = (time: string, total: number): RankPoint => ({
  time, bytes_sent: total / 4, bytes_received: (total / 4) * 3, total_bytes: total, packets_sent: 0, packets_received: 0,
  total_packets: 0, session_count: 0, total_retransmits: 0,
})
const [a, b] = ['2026-03-01T12:00:00Z', '2026-03-01T12:01:00Z']
const history = (more: Partial<History>): History => ({ from: a, to: '2026-03-01T12:02:00Z', step: 60, interface: '', points: [], ...more })

describe('buckets', () => {
  it('are means over what was watched of a step', () => {
    const [whole, half, gap] = bucketsOf([
      point(a, { bytes_in: 600, packets_out: 60 }), point(a, { bytes_in: 600, observed: 0.5 }), point(a, { observed: 0 }),
    ], 60)
    expect(whole).toMatchObject({ time: Date.parse(a), in: 10, packets: 1, watched: 1, low: false })
    expect(half).toMatchObject({ in: 20, watched: 0.5 })
    expect(gap).toMatchObject({ in: 0, watched: 0, low: false })
  })

  it('say where packets were missed, if there were enough to tell', () => {
    const low = (values: Partial<HistoryPoint>) => bucketsOf([point(a, { coverage: 0.9, ...values })], 60)[0]?.low
    expect(low({ kernel_packets: 1000 })).toBe(true)
    expect(low({ kernel_packets: 10 })).toBe(false)
    expect(low({ dropped: 1 })).toBe(true)
    expect(low({ dropped: 1, coverage: 0.995 })).toBe(false)
  })

  it('of the period before stand at the times of this one', () => {
    const before = point('2026-03-01T11:58:00Z', { bytes_out: 60 })
    expect(previousOf(history({ previous: [before], previous_from: '2026-03-01T11:58:00Z' }))).toMatchObject([{ time: Date.parse(a), out: 1 }])
    expect(previousOf(history({}))).toEqual([])
  })

  it('of an address: what it received comes in', () => {
    expect(bucketsOfAddress([rank(a, 240)], 60)).toMatchObject([{ in: 3, out: 1, other: 0 }])
  })
})

describe('sums', () => {
  it('are of the time that was watched', () => {
    const sums = sumsOf([
      point(a, { bytes_in: 5, new_sessions: 2, active_sessions: 7, captured: 90, coverage: 0.9 }),
      point(b, { bytes_in: 6, new_sessions: 1, active_sessions: 3, captured: 100, observed: 0.5 }),
    ], 60)
    expect(sums).toEqual({ seconds: 90, in: 11, out: 0, packets: 0, sessions: 3, peak: 7, coverage: 0.95 })
  })

  it('know nothing of a coverage without packets', () => expect(sumsOf([point(a, { observed: 0 })], 60).coverage).toBeNull())
})

describe('a stack', () => {
  const points = [point(a), point(b, { observed: 0 })]
  const series = [{ key: 'DE', name: 'Germany', points: [rank(a, 60), rank(b, 0)] }]

  it('has a layer for each key, with gaps where nobody watched', () => {
    const stack = stackOf(history({ points, series, rest: [] }), (s) => s.name, 'other')
    expect(stack).toEqual({ times: [Date.parse(a), Date.parse(b)], layers: [{ key: 'DE', name: 'Germany', values: [1, null] }] })
  })

  it('ends with the rest, if there is any', () => {
    const rest = [{ time: a, total_bytes: 120, total_packets: 1 }, { time: b, total_bytes: 0, total_packets: 0 }]
    expect(stackOf(history({ points, series, rest }), (s) => s.name, 'other').layers.at(-1)).toEqual({ key: 'other', name: '', values: [2, null] })
  })
})
