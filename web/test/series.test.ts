import { describe, expect, it } from 'vitest'
import type { History, HistoryPoint } from '@/api/types'
import { gaps, marks, Series } from '@/composables/series'

const start = Date.parse('2026-01-01T00:00:00Z')

function point(second: number, bytesIn: number, more: Partial<HistoryPoint> = {}): HistoryPoint {
  return {
    time: new Date(start + second * 1000).toISOString(),
    bytes_in: bytesIn, bytes_out: 1, bytes_other: 0, packets_in: 2, packets_out: 1, packets_other: 0,
    new_sessions: 0, active_sessions: 0, retransmits: 0, dropped: 0, refused: 0, truncated: 0, duplicates: 0,
    captured: 3, offloaded: 0, kernel_packets: 3, kernel_missed: 0, kernel_dropped: 0, coverage: 1, observed: 1, ...more,
  }
}

const nothing = { bytes_out: 0, packets_in: 0, packets_out: 0, captured: 0, kernel_packets: 0 }
const silent = (second: number) => point(second, 0, nothing)
const unwatched = (second: number) => point(second, 0, { ...nothing, observed: 0 })

function history(...points: HistoryPoint[]): History {
  return { from: '', to: '', step: 1, interface: '', points }
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)
const seconds = (spans: readonly (readonly [number, number])[]) => spans.map(([a, b]) => [(a - start) / 1000, (b - start) / 1000])

function series(...points: HistoryPoint[]): Series {
  const s = new Series()
  s.apply(history(...points), true)
  return s
}

describe('Series', () => {
  it('starts empty', () => {
    const s = new Series()
    expect(s.empty).toBe(true)
    expect(s.window(0, 60, 1)).toEqual([])
    expect(s.endAt(start)).toBe(0)
  })

  it('adds new seconds, corrects known ones and keeps the order', () => {
    const s = series(point(0, 10), point(1, 20))
    s.apply(history(point(1, 25), point(3, 40)), false)
    s.apply(history(point(2, 30)), false)
    expect(s.window(s.end, 4, 1).map((b) => b.in)).toEqual([10, 25, 30, 40])
  })

  it('forgets what was there at a snapshot', () => {
    const s = series(point(100, 1))
    s.apply(history(point(5, 2)), true)
    expect(s.end).toBe(start + 5000)
  })

  it('keeps one hour', () => {
    const s = new Series()
    for (let i = 0; i < 4000; i++) s.apply(history(point(i, 1)), false)
    expect(s.window(s.end, 10_000, 1).filter((b) => b.watched > 0)).toHaveLength(3600)
  })

  it('averages aligned buckets, whole or not', () => {
    const s = series(...range(0, 8).map((i) => point(i, i)))
    const buckets = s.window(s.end, 8, 3)
    expect(buckets.map((b) => [b.time - start, b.in, b.watched])).toEqual([[0, 1, 1], [3000, 4, 1], [6000, 6.5, 1]])
  })

  it('does not begin with a bucket that lies before the window', () => {
    const s = series(...range(0, 30).map((i) => point(i, i)))
    expect(s.window(start + 20_000, 6, 3).map((b) => [b.time - start, b.watched])).toEqual([[15_000, 1], [18_000, 1]])
  })

  it('shows the newest seconds only', () => {
    const s = series(...range(0, 100).map((i) => point(i, i)))
    expect(s.window(s.end, 60, 1).map((b) => b.in).at(0)).toBe(40)
  })

  it('ignores a time that is none', () => {
    expect(series({ ...point(0, 1), time: 'never' }).empty).toBe(true)
  })
})

describe('gaps', () => {
  const of = (s: Series, end: number, length: number, bucket: number) => {
    const to = start + end * 1000
    return seconds(gaps(s.window(to, length, bucket), to - length * 1000, to))
  }

  it('silence is none, and neither is a whole window', () => {
    const s = series(point(1, 5), silent(2), silent(3), point(4, 5))
    expect(s.window(s.end, 4, 1).map((b) => [b.in, b.watched])).toEqual([[5, 1], [0, 1], [0, 1], [5, 1]])
    expect(of(s, 4, 4, 1)).toEqual([])
  })

  it.each([
    ['nobody watched', [point(1, 5), point(2, 5), unwatched(3), unwatched(4), unwatched(5), point(6, 5), point(7, 5)]],
    ['the seconds are missing', [point(1, 5), point(2, 5), point(6, 5), point(7, 5)]],
  ])('in the middle, where %s', (_, points) => {
    const s = series(...points)
    expect(s.window(s.end, 7, 1).map((b) => b.watched)).toEqual([1, 1, 0, 0, 0, 1, 1])
    expect(of(s, 7, 7, 1)).toEqual([[2, 6]])
  })

  it('at the start, before anything was captured', () => {
    expect(of(series(unwatched(6), unwatched(7), point(8, 1), silent(9)), 9, 9, 1)).toEqual([[0, 8]])
  })

  it('at the end, while the interface is away and the clock goes on', () => {
    const s = series(...range(0, 61).map((i) => point(i, 1)))
    expect(s.endAt(start + 62_000)).toBe(start + 60_000)
    const end = s.endAt(start + 84_900)
    expect(end).toBe(start + 80_000)
    expect(of(s, 80, 60, 1)).toEqual([[60, 80]])
    expect(s.window(end, 60, 1).at(-1)?.watched).toBe(0)
  })

  it('all of the window', () => {
    const s = series(point(0, 1))
    expect(of(s, 100, 60, 1)).toEqual([[40, 100]])
    expect(s.window(start + 100_000, 60, 10).every((b) => b.watched === 0)).toBe(true)
  })

  it('with buckets of several seconds: whole ones only, and means over what was watched', () => {
    // Away from second 14 to 41: the bucket of 10 was watched for 4 s, those of 20 and 30 not at all.
    const s = series(...range(0, 14).map((i) => point(i, 30)), ...range(41, 60).map((i) => point(i, 30)))
    const buckets = s.window(start + 59_000, 60, 10)
    expect(buckets.map((b) => b.watched)).toEqual([1, 0.4, 0, 0, 0.9, 1])
    expect(buckets.map((b) => b.in)).toEqual([30, 30, 0, 0, 30, 30])
    expect(of(s, 59, 60, 10)).toEqual([[10, 40]])
    expect(marks(buckets, 10, start + 59_000)).toEqual([])
  })

  it('shorter than a bucket is no gap, but marked', () => {
    const s = series(...range(0, 14).map((i) => point(i, 30)), ...range(17, 36).map((i) => point(i, 30)))
    const buckets = s.window(start + 35_000, 36, 10)
    expect(buckets.map((b) => b.watched)).toEqual([1, 0.7, 1, 1])
    expect(of(s, 35, 36, 10)).toEqual([])
    expect(seconds(marks(buckets, 10, start + 35_000))).toEqual([[10, 20]])
  })

  it('with steps of several seconds', () => {
    const s = new Series()
    const step = (second: number, observed: number) => point(second, 100 * observed, { observed })
    s.apply({ ...history(step(0, 1), step(10, 0.5), step(40, 1), step(50, 0.3)), step: 10 }, true)
    expect(s.end).toBe(start + 59_000)
    const buckets = s.window(start + 52_000, 50, 10)
    expect(buckets.map((b) => [b.in, b.watched])).toEqual([[10, 1], [10, 0.5], [0, 0], [0, 0], [10, 1], [10, 1]])
  })

  it('a monitor of before, which knew nothing of watching, has none where packets were', () => {
    expect(of(series(point(1, 5, { observed: 0 }), point(2, 5, { observed: 0 })), 2, 2, 1)).toEqual([])
  })
})

describe('too little coverage', () => {
  const low = (...points: HistoryPoint[]) => {
    const s = series(...points)
    return s.window(s.end, points.length, 1).map((b) => b.low)
  }

  it('is marked in the second in which the ring lost packets', () => {
    expect(low(point(1, 1), point(2, 1, { captured: 90, dropped: 10 }), point(3, 1))).toEqual([false, true, false])
    expect(low(point(1, 1, { captured: 999, dropped: 1 }))).toEqual([false])
  })

  it('is judged over ten seconds by what the interface counted, and not for a few packets', () => {
    const seen = (captured: number, kernel: number) => range(0, 20).map((i) => point(i, 1, { captured, kernel_packets: i < 10 ? captured : kernel }))
    expect(low(...seen(900, 1000)).map(Number).join('')).toBe('00000000001111111111')
    expect(low(...seen(9, 10)).some(Boolean)).toBe(false)
    const shifted = range(0, 10).map((i) => point(i, 1, { captured: 1000, kernel_packets: i % 2 ? 900 : 1100 }))
    expect(low(...shifted).some(Boolean)).toBe(false)
  })

  it('allows for what the card joined', () => {
    expect(low(point(1, 1, { captured: 500, offloaded: 9500, kernel_packets: 10_000 }))).toEqual([false])
  })

  it('says how much it was', () => {
    const s = series(...range(0, 10).map((i) => point(i, 1, { captured: 800, kernel_packets: 900, kernel_missed: 100 })))
    expect(s.window(s.end, 10, 10).at(-1)?.coverage).toBe(0.8)
    expect(s.tally(s.end, 2)).toEqual({ captured: 1600, dropped: 0, offloaded: 0, kernel: 2000 })
  })
})
