import type { PreviousRank, Rank } from '@/api/types'

/** The key of what a ranking had no room for: it is no key, and leads nowhere. */
export const restKey = 'other'

/** The filters of sessions that select a key of a dimension; null for what can't be selected. */
export function filtersOf(dimension: string, key: string): Record<string, string> | null {
  if (key === restKey || key === '') return null
  if (dimension !== 'port') return { [dimension]: key }
  const [port = '', protocol = ''] = key.split('/')
  return protocol ? { port, protocol } : { port }
}

/** What a row can be ranked by, and what it was before where that is known. */
export const measures = {
  total_bytes: (p: PreviousRank) => p.total_bytes,
  total_packets: (p: PreviousRank) => p.total_packets,
  session_count: (p: PreviousRank) => p.session_count,
  total_retransmits: (p: PreviousRank) => p.total_retransmits,
  // Of the same length of time, so that it changes as the bytes do.
  rate: (p: PreviousRank) => p.total_bytes,
}

export type RankMeasure = keyof typeof measures

export const isMeasure = (name: string): name is RankMeasure => Object.hasOwn(measures, name)

/** How something changed: a part of what it was, or that it is new or has not changed. */
export type Change = { kind: 'more' | 'less'; part: number } | { kind: 'new' | 'same' }

/** Changes below this are not worth a word. */
const least = 0.005

export function changeOf(value: number, before: number): Change {
  if (before <= 0) return { kind: value > 0 ? 'new' : 'same' }
  const part = value / before - 1
  if (Math.abs(part) < least) return { kind: 'same' }
  return { kind: part > 0 ? 'more' : 'less', part }
}

/** How a row of a ranking changed; null where nothing was compared. */
export function rankChange(row: Rank, measure: RankMeasure): Change | null {
  if (!row.previous) return null
  const value = measure === 'rate' ? row.total_bytes : row[measure]
  return changeOf(value, measures[measure](row.previous))
}

/** By how many places a row rose, below 0 fell; null if it had none or nothing was compared. */
export function rise(row: Rank, place: number): number | null {
  return row.previous?.rank ? row.previous.rank - place : null
}
