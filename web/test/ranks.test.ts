import { describe, expect, it } from 'vitest'
import type { Rank } from '@/api/types'
import { changeOf, filtersOf, isMeasure, rankChange, rise } from '@/composables/ranks'

const previous = {
  bytes_sent: 40, bytes_received: 60, total_bytes: 100, total_packets: 10, session_count: 0, total_retransmits: 0, rank: 3,
}
const row: Rank = {
  key: 'x', name: '', bytes_sent: 50, bytes_received: 100, total_bytes: 150, packets_sent: 2, packets_received: 3, total_packets: 5,
  session_count: 2, total_retransmits: 0, rate: 7, previous,
}

describe('the sessions of a row', () => {
  it.each([
    ['ip', '10.0.0.1', { ip: '10.0.0.1' }],
    ['country', 'DE', { country: 'DE' }],
    ['asn', 'AS64500', { asn: 'AS64500' }],
    ['port', '443/tcp', { port: '443', protocol: 'tcp' }],
    ['interface', 'eth0', { interface: 'eth0' }],
    ['application', 'video', { application: 'video' }],
    ['country', 'other', null],
    ['ip', '', null],
  ])('%s %s', (dimension, key, filters) => expect(filtersOf(dimension, key)).toEqual(filters))
})

describe('changes', () => {
  it.each([
    [150, 100, { kind: 'more', part: 0.5 }],
    [50, 100, { kind: 'less', part: -0.5 }],
    [1003, 1000, { kind: 'same' }],
    [0, 100, { kind: 'less', part: -1 }],
    [5, 0, { kind: 'new' }],
    [0, 0, { kind: 'same' }],
  ])('%d after %d', (value, before, change) => expect(changeOf(value, before)).toEqual(change))

  it('are of the measure that ranks', () => {
    expect(rankChange(row, 'total_bytes')).toEqual({ kind: 'more', part: 0.5 })
    expect(rankChange(row, 'total_packets')).toEqual({ kind: 'less', part: -0.5 })
    expect(rankChange(row, 'session_count')).toEqual({ kind: 'new' })
    expect(rankChange(row, 'rate')).toEqual({ kind: 'more', part: 0.5 })
    expect(rankChange({ ...row, previous: undefined } as unknown as Rank, 'rate')).toBeNull()
  })

  it('of the place are there where there was one', () => {
    expect(rise(row, 1)).toBe(2)
    expect(rise(row, 5)).toBe(-2)
    expect(rise({ ...row, previous: { ...previous, rank: 0 } }, 1)).toBeNull()
  })

  it('know their measures', () => {
    expect(isMeasure('rate')).toBe(true)
    expect(isMeasure('toString')).toBe(false)
  })
})
