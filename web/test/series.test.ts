import { describe, expect, it } from 'vitest'
import type { History, HistoryPoint } from '@/api/types'
import { Series } from '@/composables/series'

const start = Date.parse('2026-01-01T00:00:00Z')

function point(second: number, bytesIn: number): HistoryPoint {
  return {
    time: new Date(start + second * 1000).toISOString(),
    bytes_in: bytesIn, bytes_out: 1, bytes_other: 0, packets_in: 2, packets_out: 1, packets_other: 0,
    new_sessions: 0, active_sessions: 0, retransmits: 0, dropped: 0, refused: 0,
  }
}

function history(...points: HistoryPoint[]): History {
  return { from: '', to: '', step: 1, points }
}

describe('Series', () => {
  it('starts empty', () => {
    const s = new Series()
    expect(s.empty).toBe(true)
    expect(s.window(0, 60, 1)).toEqual([])
  })

  it('adds new seconds, corrects known ones and keeps the order', () => {
    const s = new Series()
    s.apply(history(point(0, 10), point(1, 20)), true)
    s.apply(history(point(1, 25), point(3, 40)), false)
    s.apply(history(point(2, 30)), false)
    expect(s.window(s.end, 60, 1).map((b) => b.in)).toEqual([10, 25, 30, 40])
  })

  it('forgets what was there at a snapshot', () => {
    const s = new Series()
    s.apply(history(point(100, 1)), true)
    s.apply(history(point(5, 2)), true)
    expect(s.end).toBe(start + 5000)
  })

  it('keeps one hour', () => {
    const s = new Series()
    for (let i = 0; i < 4000; i++) s.apply(history(point(i, 1)), false)
    expect(s.window(s.end, 10_000, 1)).toHaveLength(3600)
  })

  it('does not call silence what came before the first packet', () => {
    const s = new Series()
    const quiet = { ...point(0, 0), bytes_out: 0, packets_in: 0, packets_out: 0 }
    s.apply(history(quiet, point(1, 5), { ...quiet, time: point(2, 0).time }), true)
    expect(s.window(s.end, 60, 1).map((b) => b.in)).toEqual([5, 0])
  })

  it('averages aligned buckets, whole or not', () => {
    const s = new Series()
    s.apply(history(...Array.from({ length: 8 }, (_, i) => point(i, i))), true)
    const buckets = s.window(s.end, 3600, 3)
    expect(buckets.map((b) => [b.time - start, b.in])).toEqual([[0, 1], [3000, 4], [6000, 6.5]])
  })

  it('shows the newest seconds only', () => {
    const s = new Series()
    s.apply(history(...Array.from({ length: 100 }, (_, i) => point(i, i))), true)
    expect(s.window(s.end, 60, 1).map((b) => b.in).at(0)).toBe(40)
  })

  it('ignores a time that is none', () => {
    const s = new Series()
    s.apply(history({ ...point(0, 1), time: 'never' }), true)
    expect(s.empty).toBe(true)
  })
})
