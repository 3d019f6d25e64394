import type { History, HistoryPoint, KeySeries, RankPoint, RestPoint } from '@/api/types'
import { lowCoverage, type Bucket } from './series'

/** Of fewer packets a step says nothing about how many were missed. */
const fewPackets = 1000

/** The drawn points of a stored history: each is the mean over the part of its step that was watched. */
export function bucketsOf(points: readonly HistoryPoint[], step: number): Bucket[] {
  return points.map((p) => {
    const watched = Math.min(1, p.observed)
    const seconds = Math.max(1, watched * step)
    return {
      time: Date.parse(p.time),
      in: p.bytes_in / seconds,
      out: p.bytes_out / seconds,
      other: p.bytes_other / seconds,
      packets: (p.packets_in + p.packets_out + p.packets_other) / seconds,
      watched,
      coverage: p.coverage,
      low: watched > 0 && p.coverage < lowCoverage && (p.dropped > 0 || p.kernel_packets + p.kernel_missed >= fewPackets),
    }
  })
}

/** The period before as points of this one: at the same distance from the beginning. */
export function previousOf(history: History): Bucket[] {
  if (!history.previous?.length || !history.previous_from) return []
  const shift = Date.parse(history.from) - Date.parse(history.previous_from)
  return bucketsOf(history.previous, history.step).map((b) => ({ ...b, time: b.time + shift }))
}

/** The series of an address: what it received comes in, what it sent goes out. */
export function bucketsOfAddress(points: readonly RankPoint[], step: number): Bucket[] {
  return points.map((p) => ({
    time: Date.parse(p.time),
    in: p.bytes_received / step,
    out: p.bytes_sent / step,
    other: 0,
    packets: p.total_packets / step,
    watched: 1,
    coverage: 1,
    low: false,
  }))
}

/** What a time came to. */
export interface Sums {
  /** Seconds that were watched. */
  seconds: number
  in: number
  out: number
  packets: number
  /** Sessions that began, and the most that there were at a time. */
  sessions: number
  peak: number
  /** The part of the packets that was captured; null if there were none. */
  coverage: number | null
}

export function sumsOf(points: readonly HistoryPoint[], step: number): Sums {
  const sums: Sums = { seconds: 0, in: 0, out: 0, packets: 0, sessions: 0, peak: 0, coverage: null }
  let captured = 0
  let there = 0
  for (const p of points) {
    sums.seconds += Math.min(1, p.observed) * step
    sums.in += p.bytes_in
    sums.out += p.bytes_out
    sums.packets += p.packets_in + p.packets_out + p.packets_other
    sums.sessions += p.new_sessions
    sums.peak = Math.max(sums.peak, p.active_sessions)
    captured += p.captured
    if (p.coverage > 0) there += p.captured / p.coverage
  }
  if (captured > 0) sums.coverage = Math.min(1, captured / there)
  return sums
}

/** One layer of a stack: bytes per second at the times of the stack. */
export interface Layer {
  key: string
  name: string
  /** null where nobody watched */
  values: (number | null)[]
}

export interface Stack {
  times: number[]
  /** The largest first; the last one is the rest. */
  layers: Layer[]
}

/** Series by a dimension as layers, and the rest that is in none of them under restName. */
export function stackOf(history: History, nameOf: (series: KeySeries) => string, restKey: string): Stack {
  const rates = (points: readonly (RankPoint | RestPoint)[]) =>
    points.map((p, i) => {
      const watched = Math.min(1, history.points[i]?.observed ?? 1)
      return watched > 0 ? p.total_bytes / Math.max(1, watched * history.step) : null
    })
  const layers: Layer[] = (history.series ?? []).map((s) => ({ key: s.key, name: nameOf(s), values: rates(s.points) }))
  const values = rates(history.rest ?? [])
  if (values.some((v) => v !== null && v > 0)) layers.push({ key: restKey, name: '', values })
  return { times: history.points.map((p) => Date.parse(p.time)), layers }
}
