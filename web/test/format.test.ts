import { describe, expect, it } from 'vitest'
import { createFormat, scale, shareDigits } from '@/composables/format'

const plain = (text: string) => text.replaceAll('\u00a0', ' ').replaceAll('\u202f', ' ')

describe('rates', () => {
  it.each([
    [0, '0 bit/s', '0 B/s'],
    [1, '8 bit/s', '1 B/s'],
    [124.9, '999 bit/s', '125 B/s'],
    [125, '1.00 kbit/s', '125 B/s'],
    [999.6, '8.00 kbit/s', '1.00 kB/s'],
    [12_345, '98.8 kbit/s', '12.3 kB/s'],
    [1e9, '8.00 Gbit/s', '1.00 GB/s'],
    [125e15, '1.00 Ebit/s', '125 PB/s'],
  ])('%d bytes per second', (n, bits, bytes) => {
    expect(plain(createFormat('en', 'bit').rate(n))).toBe(bits)
    expect(plain(createFormat('en', 'byte').rate(n))).toBe(bytes)
  })

  it('never shows four digits before the point', () => {
    for (let n = 1; n < 1e15; n = Math.ceil(n * 1.07)) {
      const { value, digits } = scale(n)
      expect(Number(value.toFixed(digits))).toBeLessThan(1000)
    }
  })

  it('writes axis values without needless zeros', () => {
    const f = createFormat('en', 'bit')
    expect(plain(f.axisRate(90e6))).toBe('90 Mbit/s')
    expect(plain(f.axisRate(1.5e6))).toBe('1.5 Mbit/s')
  })
})

describe('shares', () => {
  it('does not round a loss away', () => {
    expect(createFormat('en', 'bit').percent(0.999999, 2)).toBe('99.99%')
    expect(createFormat('en', 'bit').percent(1, 2)).toBe('100%')
    expect(shareDigits(0.5, 1)).toBe(0.5)
  })
})

describe('durations', () => {
  it.each([
    [0, '0s', '0秒'],
    [0.0421, '42ms', '42毫秒'],
    [4.25, '4.3s', '4.3秒'],
    [59.6, '1m', '1分钟'],
    [61, '1m 1s', '1分钟1秒'],
    [7980, '2h 13m', '2小时13分钟'],
    [90_000, '1d 1h', '1天1小时'],
  ])('%d s', (seconds, en, zh) => {
    expect(createFormat('en', 'bit').duration(seconds)).toBe(en)
    expect(createFormat('zh-CN', 'bit').duration(seconds).replaceAll(' ', '')).toBe(zh)
  })
})

describe('latencies', () => {
  it.each([
    [0.0005, '0.0005ms', '0.0005毫秒'],
    [0.2514, '0.251ms', '0.251毫秒'],
    [20, '20ms', '20毫秒'],
    [20.2549, '20.3ms', '20.3毫秒'],
    [999.4, '999ms', '999毫秒'],
    [999.6, '1s', '1秒'],
    [1234, '1.23s', '1.23秒'],
  ])('%d ms', (ms, en, zh) => {
    expect(plain(createFormat('en', 'bit').latency(ms))).toBe(en)
    expect(plain(createFormat('zh-CN', 'bit').latency(ms)).replaceAll(' ', '')).toBe(zh)
  })
})

describe('times', () => {
  const f = createFormat('en', 'bit', 'Asia/Shanghai')
  const now = Date.parse('2026-01-01T00:00:00Z')

  it('uses the zone of the viewer', () => {
    expect(plain(f.time('2026-01-01T00:00:05Z'))).toBe('8:00:05 AM')
  })
  it.each([
    ['2025-12-31T23:59:59.5Z', 'now'],
    ['2025-12-31T23:59:30Z', '30s ago'],
    ['2025-12-31T23:50:00Z', '10m ago'],
    ['2025-12-31T20:00:00Z', '4h ago'],
    ['2025-12-29T00:00:00Z', '3d ago'],
  ])('%s', (time, text) => expect(f.ago(time, now)).toBe(text))

  it('says in Chinese what has just happened', () => {
    expect(createFormat('zh-CN', 'bit').ago('2025-12-31T23:59:59.5Z', now)).toBe('刚刚')
  })
})

describe('countries', () => {
  it('has short names in the language of the page', () => {
    expect(createFormat('zh-CN', 'bit').country('HK')).toBe('香港')
    expect(createFormat('en', 'bit').country('DE')).toBe('Germany')
  })
  it('falls back to what the monitor says', () => {
    expect(createFormat('en', 'bit').country('', 'Nowhere')).toBe('Nowhere')
    expect(createFormat('en', 'bit').country('<b>', '')).toBe('<b>')
  })
})
