import { describe, expect, it } from 'vitest'
import type { LocationQuery } from 'vue-router'
import {
  boundsOf, fromField, lengthOf, momentOf, parseTime, refreshOf, secondsAgo, stepped, timeQuery, toField, withoutTime, writeMoment,
} from '@/composables/timeRange'
import { eventsUntil } from '@/composables/useTimed'
import { seriesQuery, stepOf } from '@/composables/usePast'

const now = Date.parse('2026-03-01T12:00:00Z')
const from = '2026-02-01T00:00:00Z'
const to = '2026-02-02T00:00:00+01:00'

describe('the time in the address bar', () => {
  it.each<LocationQuery>([{}, { from: '-24h' }, { from, to }, { from: '-2w', to: '-1w' }, { at: from }, { from, to: 'now' }])(
    'survives the way there and back: %o',
    (query) => expect(timeQuery(parseTime(query))).toEqual(query),
  )

  it.each<LocationQuery>([
    { from: 'yesterday' }, { from: '24h' }, { from: '-h' }, { at: '-5m' }, { at: '' }, { to }, { from: null }, { from: '2026-02-30T25:00:00Z' },
  ])('is the present where it can not be read: %o', (query) => expect(parseTime(query)).toEqual({ kind: 'live' }))

  it('is a moment rather than a range where both are named', () => {
    expect(parseTime({ at: from, from, to })).toEqual({ kind: 'at', at: from })
  })

  it('takes the first of several values, and drops an end that can not be read', () => {
    expect(parseTime({ from: ['-1h', '-2h'], to: 'x' })).toEqual({ kind: 'range', from: '-1h', to: '' })
  })

  it('goes with the place in the list that belongs to it', () => {
    expect(withoutTime({ from, to, at: from, page: '3', after: 'x', ip: '::1' })).toEqual({ ip: '::1' })
  })
})

describe('moments', () => {
  it.each([
    ['-90s', now - 90_000],
    ['-15m', now - 900_000],
    ['-24h', now - 86_400_000],
    ['-2w', now - 14 * 86_400_000],
    ['now', now],
    [from, Date.parse(from)],
  ])('%s', (text, time) => expect(momentOf(text, now)).toBe(time))

  it('are told from what is none', () => {
    expect(momentOf('2026-02-01', now)).toBeNaN()
    expect(secondsAgo(from)).toBe(0)
    expect(lengthOf('-24h')).toEqual({ n: 24, unit: 'hour' })
    expect(lengthOf('now')).toBeNull()
  })

  it('are written in whole seconds', () => {
    expect(writeMoment(now + 999)).toBe('2026-03-01T12:00:00Z')
  })

  it('survive the field for date and time', () => {
    expect(fromField(toField(now))).toBe(now)
    expect(fromField('2026-03-01')).toBeNaN()
    expect(fromField('')).toBeNaN()
  })

  it('step back and on, and into the present', () => {
    expect(stepped('2026-03-01T11:00:00Z', -60, now)).toEqual({ kind: 'at', at: '2026-03-01T10:59:00Z' })
    expect(stepped('2026-03-01T11:00:00Z', 1, now)).toEqual({ kind: 'at', at: '2026-03-01T11:00:01Z' })
    expect(stepped('2026-03-01T11:59:30Z', 60, now)).toEqual({ kind: 'live' })
  })
})

describe('what is asked for', () => {
  const range = (from: string, to = '') => ({ kind: 'range', from, to }) as const

  it('has bounds', () => {
    expect(boundsOf(range('-1h'), now)).toEqual([now - 3_600_000, now])
    expect(boundsOf(range(from, to), now)).toEqual([Date.parse(from), Date.parse(to)])
  })

  it.each([
    [{ kind: 'live' } as const, 0],
    [{ kind: 'at', at: from } as const, 0],
    [range(from, to), 0],
    [range('-15m'), 5000],
    [range('-1h'), 10_000],
    [range('-24h'), 240_000],
    [range('-30d'), 300_000],
  ])('is asked again where it changes: %o', (time, interval) => expect(refreshOf(time)).toBe(interval))

  it('of a series has some time around a moment, and none of the future', () => {
    expect(seriesQuery({ kind: 'at', at: '2026-03-01T11:00:00Z' }, now)).toEqual({ from: '2026-03-01T10:45:00Z', to: '2026-03-01T11:15:00Z' })
    expect(seriesQuery({ kind: 'at', at: '2026-03-01T11:58:00Z' }, now)).toEqual({ from: '2026-03-01T11:43:00Z', to: '2026-03-01T12:00:00Z' })
    expect(seriesQuery({ kind: 'live' }, now)).toEqual({ from: '-1h' })
    expect(seriesQuery(range('-7d'), now)).toEqual({ from: '-7d' })
  })

  it('has a step that fits the picture, where it is sure to be kept', () => {
    expect(stepOf(range('-15m'), 1)).toBe(5)
    expect(stepOf(range('-15m'), 60)).toBe(60)
    expect(stepOf(range('-24h'), 1)).toBe(300)
    expect(stepOf(range('-30d'), 1)).toBeUndefined()
    expect(stepOf(range(from, to), 1)).toBeUndefined()
  })

  it('of events at a moment is what had happened', () => {
    expect(eventsUntil({ kind: 'at', at: from })).toEqual({ to: from })
    expect(eventsUntil(range('-1h'))).toEqual({ from: '-1h' })
  })
})
