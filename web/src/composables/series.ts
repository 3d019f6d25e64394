import type { History, HistoryPoint } from '@/api/types'

/** One drawn point: bytes per second over the part of its bucket that was watched. */
export interface Bucket {
  time: number
  in: number
  out: number
  other: number
  packets: number
  /** The part of the bucket in which packets were captured. 0: a gap, of which nothing is known; not silence. */
  watched: number
  /** The part of the packets that was captured, and whether that is too little to be overlooked. */
  coverage: number
  low: boolean
}

/** From one time to another, in milliseconds since 1970. */
export type Span = readonly [number, number]

/** The length of a drawn point for each range of the live chart, in seconds. */
export const ranges = [
  { seconds: 60, bucket: 1 },
  { seconds: 300, bucket: 1 },
  { seconds: 900, bucket: 3 },
  { seconds: 3600, bucket: 10 },
] as const

export type Range = (typeof ranges)[number]

const keptSeconds = 3600
/** How long a second may take to come. A chart that waits longer than that for its newest second shows a gap. */
const lateness = 4000

/** The last hour, step by step, in the order of time and without doubles. What nobody watched is not in it. */
export class Series {
  private points: { time: number; point: HistoryPoint }[] = []
  step = 1

  /** A snapshot replaces what was there; an update adds, or corrects, the newest seconds. */
  apply(history: History, snapshot: boolean): void {
    if (snapshot) this.points = []
    this.step = history.step
    for (const point of history.points) if (watched(point)) this.add(point)
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
    const newest = this.points.at(-1)?.time ?? 0
    return this.step > 1 && newest ? newest + (this.step - 1) * 1000 : newest
  }

  /** The second that a chart should end with: the newest, or at a gap that lasts the one that the clock has come to. */
  endAt(clock: number): number {
    return this.empty ? 0 : Math.max(this.end, Math.floor(clock / 1000) * 1000 - lateness)
  }

  /**
   * The seconds before end in buckets aligned to multiples of their length, so that a
   * bucket keeps its shape while it moves. A bucket is the mean over the seconds of it
   * that were watched; one without any is a gap.
   */
  window(end: number, seconds: number, bucket: number): Bucket[] {
    const from = end - seconds * 1000
    if (this.empty) return []
    const length = bucket * 1000
    const first = Math.floor((Math.floor(from / 1000) * 1000 + 1000) / length) * length
    const out: Bucket[] = []
    const sums: Tally[] = []
    let i = firstAfter(this.points, this.step > 1 ? first - 1 : from)
    for (let time = first; time <= end; time += length) {
      const b: Bucket = { time, in: 0, out: 0, other: 0, packets: 0, watched: 0, coverage: 1, low: false }
      const sum = newTally()
      let known = 0
      for (let entry = this.points[i]; entry && entry.time < time + length && entry.time <= end; entry = this.points[++i]) {
        known += this.secondsOf(entry.point)
        addTo(b, entry.point)
        count(sum, entry.point)
      }
      divide(b, known)
      const expected = (Math.min(time + length, end + 1000) - Math.max(time, from + 1000)) / 1000
      b.watched = Math.min(1, known / Math.max(expected, 1))
      b.coverage = coverageOf(sum)
      out.push(b)
      sums.push(sum)
    }
    markLow(out, sums, bucket)
    return out
  }

  /** What was captured and missed in the seconds before end. */
  tally(end: number, seconds: number): Tally {
    const sum = newTally()
    for (let i = firstAfter(this.points, end - seconds * 1000); i < this.points.length; i++) {
      const entry = this.points[i]
      if (entry && entry.time <= end) count(sum, entry.point)
    }
    return sum
  }

  // A single second is drawn as a whole one also where the capture began within it.
  private secondsOf(p: HistoryPoint): number {
    if (this.step <= 1 || p.observed <= 0) return this.step
    return Math.max(1, Math.min(1, p.observed) * this.step)
  }
}

/** Packets of some time: captured, lost by the ring, and as the interfaces counted them themselves. */
export interface Tally {
  captured: number
  dropped: number
  offloaded: number
  kernel: number
}

const newTally = (): Tally => ({ captured: 0, dropped: 0, offloaded: 0, kernel: 0 })

function count(sum: Tally, p: HistoryPoint): void {
  sum.captured += p.captured
  sum.dropped += p.dropped
  sum.offloaded += p.offloaded
  sum.kernel += p.kernel_packets + p.kernel_missed
}

/** The part that was captured, as the monitor reckons it. */
export function coverageOf(sum: Tally): number {
  const ring = sum.dropped > 0 ? sum.captured / (sum.captured + sum.dropped) : 1
  return sum.kernel > 0 ? Math.min(ring, (sum.captured + sum.offloaded) / sum.kernel) : ring
}

/** Below this too much is missed. */
export const lowCoverage = 0.99
// The interface's second and ours don't end at quite the same moment: of few packets a
// difference means nothing.
const settledSeconds = 10
const fewPackets = 1000

function markLow(buckets: Bucket[], sums: Tally[], bucket: number): void {
  const groups = new Map<number, Tally>()
  const length = Math.max(settledSeconds, bucket) * 1000
  const groupOf = (b: Bucket) => Math.floor(b.time / length)
  buckets.forEach((b, i) => {
    const group = groups.get(groupOf(b)) ?? newTally()
    const sum = sums[i] ?? newTally()
    for (const key of Object.keys(group) as (keyof Tally)[]) group[key] += sum[key]
    groups.set(groupOf(b), group)
  })
  buckets.forEach((b, i) => {
    const sum = sums[i]
    const group = groups.get(groupOf(b))
    if (!sum || !group || b.watched === 0) return
    const lost = sum.dropped > 0 && sum.captured / (sum.captured + sum.dropped) < lowCoverage
    const missed = group.kernel >= fewPackets && coverageOf(group) < lowCoverage
    if (missed) b.coverage = Math.min(b.coverage, coverageOf(group))
    b.low = lost || missed
  })
}

/** Where nothing was watched: from the last point before to the first one after, so that no blank is left unexplained. */
export function gaps(buckets: readonly Bucket[], from: number, to: number): Span[] {
  const spans: [number, number][] = []
  let last = from
  let open = false
  for (const b of buckets) {
    if (b.watched === 0) {
      open = true
      continue
    }
    if (open && b.time > last) spans.push([last, b.time])
    open = false
    last = Math.max(from, b.time)
  }
  if (open && to > last) spans.push([last, to])
  return spans
}

/** Whether nobody watched for a part of a bucket, and no gap beside it shows that already. */
export function isCut(buckets: readonly Bucket[], i: number): boolean {
  const watched = (at: number) => buckets[at]?.watched ?? 0
  return watched(i) > 0 && watched(i) < 0.999 && watched(i - 1) > 0 && watched(i + 1) > 0
}

/**
 * Where packets were missed, or where nobody watched for less than a bucket: beside a gap,
 * or in the newest bucket, which is still on its way, that says nothing new.
 */
export function marks(buckets: readonly Bucket[], bucket: number, to: number): Span[] {
  const spans: [number, number][] = []
  buckets.forEach((b, i) => {
    if (!b.low && !isCut(buckets, i)) return
    const end = Math.min(to, b.time + bucket * 1000)
    const before = spans.at(-1)
    if (before && before[1] >= b.time) before[1] = end
    else if (end > b.time) spans.push([b.time, end])
  })
  return spans
}

// A monitor of before knew nothing of watching, but what it counted it had seen.
function watched(p: HistoryPoint): boolean {
  return p.observed > 0 || p.packets_in + p.packets_out + p.packets_other + p.dropped + p.refused > 0
}

function addTo(b: Bucket, p: HistoryPoint): void {
  b.in += p.bytes_in
  b.out += p.bytes_out
  b.other += p.bytes_other
  b.packets += p.packets_in + p.packets_out + p.packets_other
}

function divide(bucket: Bucket, seconds: number): void {
  if (seconds <= 1) return
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
