import type { Arc, GeoMap, Location, Place } from '@/api/types'

export type Measure = 'bytes' | 'rate'

/** The traffic of a country: the sum of its places. */
export interface Country {
  code: string
  name: string
  bytes: number
  packets: number
  sessions: number
  ips: number
  rate: number
}

/** Countries with traffic, the largest first. */
export function countriesOf(places: readonly Place[], measure: Measure): Country[] {
  const byCode = new Map<string, Country>()
  for (const place of places) {
    const { country_code: code, country: name } = place.location
    if (!code) continue
    let sum = byCode.get(code)
    if (!sum) byCode.set(code, (sum = { code, name, bytes: 0, packets: 0, sessions: 0, ips: 0, rate: 0 }))
    sum.bytes += place.bytes
    sum.packets += place.packets
    sum.sessions += place.sessions
    sum.ips += place.ips
    sum.rate += place.rate
  }
  return [...byCode.values()].sort((a, b) => b[measure] - a[measure] || b.bytes - a.bytes || (a.code < b.code ? -1 : 1))
}

/** The share of all traffic from which a country has the shade of its position plus one. */
export const shades = [0, 0.01, 0.05, 0.25] as const

/** The shade of a country from 0 (no traffic) to 4 (at least a quarter of it). */
export function shadeOf(value: number, total: number): number {
  if (value <= 0 || total <= 0) return 0
  return shades.filter((from) => value / total >= from).length
}

/** Longitude and latitude, null if the place has none. */
export function positionOf(location: Location | null | undefined): [number, number] | null {
  if (location?.longitude === null || location?.latitude === null || !location) return null
  return [location.longitude, location.latitude]
}

export interface DrawnArc {
  arc: Arc
  place: Place
  coords: [[number, number], [number, number]]
}

/** The largest arcs that have two different ends; without home's position there are few or none. */
export function drawnArcs(map: GeoMap, measure: Measure, limit: number): DrawnArc[] {
  const places = new Map(map.places.map((place) => [place.key, place]))
  const end = (key: string) => (key === 'home' ? positionOf(map.home) : positionOf(places.get(key)?.location))
  const drawn: DrawnArc[] = []
  for (const arc of [...map.arcs].sort((a, b) => b[measure] - a[measure])) {
    const from = end(arc.from)
    const to = end(arc.to)
    const place = places.get(arc.from === 'home' ? arc.to : arc.from)
    if (!from || !to || !place || arc[measure] <= 0) continue
    if (from[0] === to[0] && from[1] === to[1]) continue
    drawn.push({ arc, place, coords: [from, to] })
    if (drawn.length === limit) break
  }
  return drawn
}
