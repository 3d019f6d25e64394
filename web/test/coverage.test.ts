import { describe, expect, it } from 'vitest'
import type { ObservationPoint, Status } from '@/api/types'
import { concernOf, levelOf, orderOf, pointLevel, sightOf } from '@/composables/coverage'

const point = (name: string, more: Partial<ObservationPoint> = {}): ObservationPoint => ({
  name, type: 'ethernet', state: 'capturing', packets: 10_000, bytes: 0, refused: 0, truncated: 0, duplicates: 0, offloaded: 0,
  dropped: null, kernel_packets: 10_000, kernel_bytes: 0, kernel_missed: 0, kernel_dropped: 0, coverage: 1, coverage_minute: 1,
  rate: 0, ...more,
})

function status(more: Partial<Status>, minute = 1): Status {
  return {
    monitoring: true, error: '', interfaces: ['eth0'], points: [point('eth0')],
    source: { kind: 'interface', name: 'eth0', finished: false, filter: '' },
    capture: { coverage: 0.9999, coverage_minute: minute }, ...more,
  } as Status
}

describe('levels', () => {
  it.each([[1, 'full'], [0.999, 'full'], [0.9989, 'part'], [0.99, 'part'], [0.9899, 'low'], [0.95, 'low'], [0.94, 'bad'], [0, 'bad']])(
    '%d is %s', (coverage, level) => expect(levelOf(coverage)).toBe(level),
  )
})

describe('what is seen now', () => {
  it('is the last minute, beside all of the time', () => {
    expect(sightOf(status({}, 0.98), false)).toEqual({ kind: 'seen', level: 'low', minute: 0.98, total: 0.9999 })
  })

  it('does not cry over a few packets, but over a ring that lost some', () => {
    const few = { captured: 49, dropped: 0, offloaded: 0, kernel: 50 }
    expect(sightOf(status({}, 0.98), false, few)).toMatchObject({ level: 'full', minute: 0.98 })
    expect(sightOf(status({}, 0.98), false, { ...few, dropped: 1 })).toMatchObject({ level: 'low' })
  })

  it.each([
    ['unknown', null, false],
    ['unknown', status({}), true],
    ['off', status({ monitoring: false }), false],
    ['waiting', status({ error: 'interface is gone or down: eth0' }), false],
    ['waiting', status({ interfaces: [] }), false],
  ])('is %s and never 100 %% where nothing is captured', (kind, of, lost) => {
    expect(sightOf(of, lost)).toEqual({ kind })
  })

  it('is that the capture reports nothing, however good its last word was', () => {
    const began = Date.parse('2026-01-01T00:00:00Z')
    const at = (seconds: number) =>
      status({ monitoring_since: '2026-01-01T00:00:00Z', time: new Date(began + seconds * 1000).toISOString() })
    expect(sightOf(at(100), false, undefined, began + 97_000).kind).toBe('seen')
    expect(sightOf(at(100), false, undefined, began + 80_000).kind).toBe('stalled')
    expect(sightOf(at(10), false, undefined, 0).kind).toBe('seen')
    expect(sightOf(at(20), false, undefined, 0).kind).toBe('stalled')
  })

  it('of a file stays when it was read to its end', () => {
    const source = { kind: 'file', name: 'a.pcap', finished: true, filter: '' }
    expect(sightOf(status({ monitoring: false, interfaces: [], source }), false).kind).toBe('seen')
    expect(sightOf(status({ monitoring: false, interfaces: [], source: { ...source, finished: false } }), false).kind).toBe('off')
  })
})

describe('interfaces', () => {
  it('with trouble come first, then the busiest', () => {
    const points = [
      point('off', { state: 'off', rate: 9 }), point('calm'), point('busy', { rate: 5 }), point('odd', { state: 'unsupported' }),
      point('lossy', { coverage_minute: 0.97 }), point('blind', { coverage_minute: 0.5 }), point('down', { state: 'down' }),
      point('gone', { state: 'gone' }), point('another', { rate: 0 }),
    ]
    expect(orderOf(points)).toEqual(['gone', 'down', 'blind', 'lossy', 'odd', 'busy', 'another', 'calm', 'off'])
  })

  it('are not in trouble for a few packets, or for a state that is not known here', () => {
    expect(pointLevel(point('a', { packets: 9, kernel_packets: 10, coverage_minute: 0.9 }))).toBe('full')
    expect(pointLevel(point('a', { packets: 9, kernel_packets: null, dropped: 1, coverage_minute: 0.9 }))).toBe('bad')
    expect(concernOf(point('a', { state: 'dreaming' }))).toBe(concernOf(point('a')))
  })
})
