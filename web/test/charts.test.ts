import { describe, expect, it } from 'vitest'
import type { GeoMap, Location, Place } from '@/api/types'
import { roundAxis } from '@/charts/axis'
import { project, unproject } from '@/charts/equalEarth'
import { sparkPaths } from '@/charts/spark'
import { countriesOf, drawnArcs, shadeOf } from '@/composables/geography'

describe('Equal Earth', () => {
  it.each([[0, 0], [180, 0], [-180, 0], [13.4, 52.5], [-122, 37], [151, -33], [-170, 80], [20, -90]])(
    'projects %d, %d there and back',
    (longitude, latitude) => {
      const [x, y] = unproject(project([longitude, latitude]))
      expect(x).toBeCloseTo(longitude, 5)
      expect(y).toBeCloseTo(latitude, 5)
    },
  )

  it('keeps areas', () => {
    // The same square degree must shrink with the cosine of its latitude.
    const area = (latitude: number) => {
      const [x0] = project([0, latitude])
      const [x1] = project([0.01, latitude])
      const [, y0] = project([0, latitude - 0.005])
      const [, y1] = project([0, latitude + 0.005])
      return (x1 - x0) * (y0 - y1)
    }
    expect(area(60) / area(0)).toBeCloseTo(0.5, 3)
  })
})

describe('roundAxis', () => {
  it.each([
    [0, 1000, 0, 1000, 200],
    [-28.6e6, 118e6, -50e6, 150e6, 50e6],
    [-3, 7, -4, 8, 2],
  ])('%d to %d', (min, max, low, high, interval) => {
    expect(roundAxis(min, max, 5)).toEqual({ min: low, max: high, interval })
  })
})

describe('sparkPaths', () => {
  const line = (values: (number | null)[]) => sparkPaths(values, 100, 24).line
  it('needs two values and stays inside its box', () => {
    expect(line([])).toBe('')
    expect(line([1])).toBe('')
    expect(line([0, 5, 10])).toBe('M0.0,23.0L50.0,12.0L100.0,1.0')
    expect(line([0, 0])).toBe('M0.0,23.0L100.0,23.0')
  })

  it('breaks at a gap and leaves out what stands alone', () => {
    const { line, area } = sparkPaths([10, 10, null, 10, null, null, 0, 0], 70, 24)
    expect(line).toBe('M0.0,1.0L10.0,1.0M60.0,23.0L70.0,23.0')
    expect(area).toBe('M0.0,1.0L10.0,1.0V24H0.0ZM60.0,23.0L70.0,23.0V24H60.0Z')
    expect(sparkPaths([null, null], 70, 24).line).toBe('')
  })
})

const where = (code: string, longitude: number | null): Location => ({
  scope: 'public', country: code, country_code: code, city: '', latitude: longitude, longitude, isp: '', asn: 0,
})
const place = (key: string, code: string, bytes: number, longitude: number | null = 1): Place => ({
  key, location: where(code, longitude), bytes, packets: 1, sessions: 1, ips: 1, rate: 0,
})
const arc = (from: string, to: string, bytes: number) => ({ from, to, bytes, packets: 1, sessions: 1, rate: 0 })

describe('geography', () => {
  it('sums places into countries, the largest first', () => {
    const list = countriesOf([place('DE', 'DE', 5), place('US/a', 'US', 4), place('US/b', 'US', 3), place('x', '', 99)], 'bytes')
    expect(list.map((c) => [c.code, c.bytes, c.sessions])).toEqual([['US', 7, 2], ['DE', 5, 1]])
  })

  it.each([[0, 0], [1e-9, 1], [0.01, 2], [0.05, 3], [0.24, 3], [0.25, 4], [1, 4]])('shades a share of %d', (share, shade) => {
    expect(shadeOf(share, 1)).toBe(shade)
  })

  it('draws the largest arcs with two different ends', () => {
    const map: GeoMap = {
      home: where('CN', 9), unlocated_bytes: 0,
      places: [place('US', 'US', 1, 3), place('DE', 'DE', 1, null), place('HK', 'HK', 1, 9), place('FR', 'FR', 1, 4)],
      arcs: [arc('home', 'US', 5), arc('home', 'DE', 9), arc('home', 'HK', 9), arc('FR', 'home', 7), arc('home', 'XX', 9)],
    }
    expect(drawnArcs(map, 'bytes', 9).map((d) => d.place.key)).toEqual(['FR', 'US'])
    expect(drawnArcs(map, 'bytes', 1)).toHaveLength(1)
    expect(drawnArcs({ ...map, home: null }, 'bytes', 9)).toEqual([])
  })
})
