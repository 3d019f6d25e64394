import type { DeepReadonly } from 'vue'
import type { ObservationPoint, Status } from '@/api/types'
import { lowCoverage, type Tally } from './series'

/** full: nothing worth a word; part: a little was missed; low and bad: too much and far too much. */
export type Level = 'full' | 'part' | 'low' | 'bad'

/** How much is being seen now: a level with its share, or why there is none. */
export type Sight =
  | { kind: 'seen'; level: Level; minute: number; total: number }
  | { kind: 'off' | 'waiting' | 'stalled' | 'unknown' }

const badCoverage = 0.95
/** Of fewer packets a small difference means nothing: the seconds of the interface and ours end a moment apart. */
const fewPackets = 500

/** A capture reports each second, also of silence. For so long, in milliseconds, it may owe one. */
const patience = 15_000

export function levelOf(coverage: number): Level {
  if (coverage >= 0.999) return 'full'
  if (coverage >= lowCoverage) return 'part'
  return coverage >= badCoverage ? 'low' : 'bad'
}

/**
 * What to say of a status; lost: the connection that it came by is; newest: when the
 * capture reported last, in milliseconds since 1970.
 */
export function sightOf(status: DeepReadonly<Status> | null, lost: boolean, minute?: Tally, newest = Infinity): Sight {
  if (!status || lost) return { kind: 'unknown' }
  const file = status.source.kind === 'file'
  if (!status.monitoring && !(file && status.source.finished)) return { kind: 'off' }
  if (status.error) return { kind: 'waiting' }
  if (!file && status.interfaces.length === 0) return { kind: 'waiting' }
  const since = Math.max(newest, Date.parse(status.monitoring_since ?? ''))
  if (!file && Date.parse(status.time) - since > patience) return { kind: 'stalled' }
  const { coverage, coverage_minute } = status.capture
  const few = minute && minute.dropped === 0 && minute.kernel < fewPackets
  return { kind: 'seen', level: few ? 'full' : levelOf(coverage_minute), minute: coverage_minute, total: coverage }
}

/** Whether the last minute of an interface says something. */
export function pointLevel(point: ObservationPoint): Level {
  const few = !point.dropped && (point.kernel_packets ?? point.packets) < fewPackets
  return few ? 'full' : levelOf(point.coverage_minute)
}

const concern: Record<string, number> = { gone: 0, down: 1, unsupported: 4, capturing: 5, off: 6 }

/** How soon a point should meet the eye: away, then missing packets, then all others. */
export function concernOf(point: ObservationPoint): number {
  const level = point.state === 'capturing' ? pointLevel(point) : 'full'
  if (level === 'bad') return 2
  return level === 'low' ? 3 : (concern[point.state] ?? 5)
}

/** Names in the order in which they are listed: trouble first, then the busiest. */
export function orderOf(points: readonly ObservationPoint[]): string[] {
  return [...points]
    .sort((a, b) => concernOf(a) - concernOf(b) || b.bytes - a.bytes || b.rate - a.rate || a.name.localeCompare(b.name))
    .map((p) => p.name)
}
