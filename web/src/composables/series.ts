import type { History, HistoryPoint } from '@/api/types'

/** One drawn point: bytes per second over its bucket. */
export interface Bucket {
  time: number
  in: number
  out: number
  other: number
  packets: number
}

/** The length of a drawn point for each range of the live chart, in seconds. */
export const ranges = [
  { seconds: 60, bucket: 1 },
  { seconds: 300, bucket: 1 },
  { seconds: 900, bucket: 3 },
  { seconds: 3600, bucket: 10 },
] as const

const keptSeconds = 3600

/** The last hour, second by second, in the order of time and without doubles. */
export class Series {
  private points: { time: number; point: HistoryPoint }[] = []
  step = 1

  /** A snapshot replaces what was there; an update adds, or corrects, the newest seconds. */
  apply(history: History, snapshot: boolean): void {
    if (snapshot) this.points = []
    this.step = history.step
    for (const point of history.points) {
      // Before the first packet nothing was watched: that is not the same as silence.
      if (this.points.length > 0 || !silent(point)) this.add(point)
    }
    const newest = this.points.at(-1)
    if (!newest) return
    const oldest = newest.time - keptSeconds * 1000
    const first = this.points.findIndex((p) => p.time > oldest)
    if (first > 0) this.points.splice(0, first)
  }

  private add(point: HistoryPoint): void {
    const time = Date.parse(point.time)
    if (Number.isNaN(time)) return
    let at = this.points.length
    while (at > 0 && (this.points[at - 1]?.time ?? 0) > time) at--
    const before = this.points[at - 1]
    if (before?.time === time) before.point = point
    else this.points.splice(at, 0, { time, point })
  }

  get empty(): boolean {
    return this.points.length === 0
  }

  /** The newest second's time in milliseconds, 0 if there is none. */
  get end(): number {
    return this.points.at(-1)?.time ?? 0
  }

  /**
   * The newest seconds before end in buckets aligned to multiples of their length,
   * so that a bucket keeps its shape while it moves. The oldest and a still
   * incomplete newest bucket are means over the seconds that they have.
   */
  window(end: number, seconds: number, bucket: number): Bucket[] {
    const length = bucket * 1000
    const from = end - seconds * 1000
    const out: Bucket[] = []
    let count = 0
    for (let i = firstAfter(this.points, from); i < this.points.length; i++) {
      const entry = this.points[i]
      if (!entry || entry.time > end) break
      const time = Math.floor(entry.time / length) * length
      let current = out.at(-1)
      if (current?.time !== time) {
        divide(current, count * this.step)
        current = { time, in: 0, out: 0, other: 0, packets: 0 }
        out.push(current)
        count = 0
      }
      count++
      const p = entry.point
      current.in += p.bytes_in
      current.out += p.bytes_out
      current.other += p.bytes_other
      current.packets += p.packets_in + p.packets_out + p.packets_other
    }
    divide(out.at(-1), count * this.step)
    return out
  }
}

function silent(p: HistoryPoint): boolean {
  return p.packets_in + p.packets_out + p.packets_other + p.dropped + p.refused + p.active_sessions === 0
}

function divide(bucket: Bucket | undefined, seconds: number): void {
  if (!bucket || seconds <= 1) return
  bucket.in /= seconds
  bucket.out /= seconds
  bucket.other /= seconds
  bucket.packets /= seconds
}

function firstAfter(points: { time: number }[], time: number): number {
  let low = 0
  let high = points.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((points[middle]?.time ?? 0) > time) high = middle
    else low = middle + 1
  }
  return low
}
