import type { LocationQuery } from 'vue-router'

/**
 * The time that the page looks at: what happens now, what happened from one time to
 * another, or all as it was at one moment. Times are written as the API takes them.
 */
export type TimeChoice =
  | { kind: 'live' }
  /** Without to it ends now. */
  | { kind: 'range'; from: string; to: string }
  | { kind: 'at'; at: string }

export const liveTime: TimeChoice = { kind: 'live' }

/** The ranges that are one press away, as the API's from. */
export const presets = ['-15m', '-1h', '-24h', '-7d', '-30d'] as const

const unitSeconds: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }
const relative = /^-(\d{1,6})([smhdw])$/
const absolute = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/

/** How long ago a relative time is, in seconds; 0 if it is none. */
export function secondsAgo(text: string): number {
  const [, n, unit] = relative.exec(text) ?? []
  return n && unit ? Number(n) * (unitSeconds[unit] ?? 0) : 0
}

const unitNames = { s: 'second', m: 'minute', h: 'hour', d: 'day', w: 'week' } as const

/** A relative time in its own unit, null if it is none. */
export function lengthOf(text: string): { n: number; unit: (typeof unitNames)[keyof typeof unitNames] } | null {
  const [, n, unit] = relative.exec(text) ?? []
  return n && unit ? { n: Number(n), unit: unitNames[unit as keyof typeof unitNames] } : null
}

/** A time in milliseconds since 1970, NaN if it is none. */
export function momentOf(text: string, now: number): number {
  const ago = secondsAgo(text)
  if (ago > 0) return now - ago * 1000
  if (text === 'now') return now
  return absolute.test(text) ? Date.parse(text) : NaN
}

/** The time that an address names; what can't be read is as if it were not there. */
export function parseTime(query: LocationQuery): TimeChoice {
  const text = (key: string): string => {
    const value = query[key]
    return (Array.isArray(value) ? value[0] : value) ?? ''
  }
  const readable = (key: string) => (Number.isNaN(momentOf(text(key), 0)) ? '' : text(key))
  const at = readable('at')
  if (at && absolute.test(at)) return { kind: 'at', at }
  const from = readable('from')
  return from ? { kind: 'range', from, to: readable('to') } : liveTime
}

/** The parameters of a time, alike in the page's address and in the API. */
export function timeQuery(time: TimeChoice): Record<string, string> {
  if (time.kind === 'at') return { at: time.at }
  if (time.kind === 'live') return {}
  return time.to ? { from: time.from, to: time.to } : { from: time.from }
}

/** Beginning and end of a range in milliseconds. */
export function boundsOf(time: Extract<TimeChoice, { kind: 'range' }>, now: number): [number, number] {
  return [momentOf(time.from, now), time.to ? momentOf(time.to, now) : now]
}

/** How often an answer about a time is asked for again, in milliseconds; 0: it does not change. */
export function refreshOf(time: TimeChoice): number {
  if (time.kind !== 'range' || (time.to && time.to !== 'now')) return 0
  const seconds = secondsAgo(time.from)
  return Math.min(300, Math.max(5, (seconds || 3600) / 360)) * 1000
}

/** A moment in whole seconds as the API takes it. */
export function writeMoment(milliseconds: number): string {
  return new Date(Math.floor(milliseconds / 1000) * 1000).toISOString().replace('.000Z', 'Z')
}

/** So long ago seconds are still known; before that, minutes. */
export const secondsKept = 3600

/** The moment so many seconds later or, below 0, before; live where that would be in the future. */
export function stepped(at: string, seconds: number, now: number): TimeChoice {
  const time = Date.parse(at) + seconds * 1000
  return time >= now ? liveTime : { kind: 'at', at: writeMoment(time) }
}

/** A time as the browser's field for date and time wants it: local, to the second. */
export function toField(milliseconds: number): string {
  const d = new Date(milliseconds)
  const two = (n: number) => String(n).padStart(2, '0')
  const date = `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`
  return `${date}T${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`
}

/** What such a field holds, as milliseconds since 1970; NaN if it is not complete. */
export function fromField(text: string): number {
  return /^\d{4,6}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?$/.test(text) ? new Date(text).getTime() : NaN
}

/** The address without a time and without the place in a list of that time. */
export function withoutTime(query: LocationQuery): LocationQuery {
  return Object.fromEntries(Object.entries(query).filter(([key]) => !['from', 'to', 'at', 'page', 'after'].includes(key)))
}
