import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Session } from '@/api/types'
import { createFormat } from '@/composables/format'
import { packetShare, qualityCounters, tunnelName, wirePackets } from '@/composables/quality'

const format = createFormat('en', 'bit')
const clean = {
  protocol: 'TCP', packets_sent: 1000, packets_received: 2000,
  retransmits_sent: 0, retransmits_received: 0, retransmitted_bytes_sent: 0, retransmitted_bytes_received: 0,
  out_of_order_sent: 0, out_of_order_received: 0, zero_windows_sent: 0, zero_windows_received: 0,
  resets_sent: 0, resets_received: 0,
} as Session

describe('tunnels', () => {
  it('have a name for each kind of the program', () => {
    const go = readFileSync(join(__dirname, '../../internal/flow/tunnel.go'), 'utf8')
    const table = go.slice(go.indexOf('var tunnelNames'), go.indexOf('}', go.indexOf('{', go.indexOf('var tunnelNames'))))
    const kinds = [...table.matchAll(/"([^"]+)"/g)].map((m) => m[1] ?? '').filter((kind) => kind !== 'none')
    expect(kinds.length).toBeGreaterThan(8)
    for (const kind of kinds) if (kind !== '6in4') expect(tunnelName(kind), kind).not.toBe(kind)
  })
  it('are written from the outside in', () => {
    expect(tunnelName('gtp-u/teredo')).toBe('GTP-U › Teredo')
    expect(tunnelName('something new')).toBe('something new')
  })
})

describe('shares of packets', () => {
  it.each([
    [0, 100, ''], [1, 0, ''], [1, 1_000_000, '<0.01%'], [1, 10_000, '0.01%'], [1, 300, '0.33%'], [1, 30, '3.3%'], [9, 4, '100%'],
  ])('%d of %d', (part, packets, text) => expect(packetShare(part, packets, format)).toBe(text))
})

describe('quality', () => {
  it('is one row when nothing is amiss, and none where TCP is not', () => {
    expect(qualityCounters(clean, format)).toEqual([{ name: 'session.retransmits', received: '0', sent: '0' }])
    expect(qualityCounters({ ...clean, protocol: 'UDP' }, format)).toEqual([])
  })

  it('has a row for what happened on either side', () => {
    const s = { ...clean, retransmits_sent: 12, retransmitted_bytes_sent: 17_520, out_of_order_received: 3 }
    expect(qualityCounters(s, format)).toEqual([
      { name: 'session.retransmits', received: '0', sent: '12 · 1.2%' },
      { name: 'session.retransmittedBytes', received: '0', sent: '17.5\u00a0kB' },
      { name: 'session.outOfOrder', received: '3', sent: '0' },
    ])
  })

  it('takes shares of what was on the wire, where packets were joined', () => {
    const s = { ...clean, retransmits_sent: 12, wire_packets_sent: 12_000, wire_packets_received: 2000, wire_packets_estimated: true }
    expect(qualityCounters(s, format)[0]?.sent).toBe('12 · 0.1%')
    expect(wirePackets(s, format)).toEqual([
      { name: 'session.wirePackets', received: '≈ 2,000', sent: '≈ 12,000', hint: 'session.wirePacketsHint' },
    ])
    expect(wirePackets(clean, format)).toEqual([])
  })
})
