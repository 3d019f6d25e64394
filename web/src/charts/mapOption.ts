import type { Place } from '@/api/types'
import type { DrawnArc, Measure } from '@/composables/geography'
import { escapeHtml, type ChartOption } from './echarts'
import type { project, unproject } from './equalEarth'
import { fade, rem, tooltipStyle, type Palette } from './useChart'

export interface MapPicture {
  palette: Palette
  full: boolean
  moving: boolean
  shades: ReadonlyMap<string, number>
  selected: string
  home: [number, number] | null
  homeText: string
  places: readonly Place[]
  arcs: readonly DrawnArc[]
  measure: Measure
  project: typeof project
  unproject: typeof unproject
  /** Lines of plain text; the first is the title. */
  describeCountry: (code: string) => string[]
  describePlace: (place: Place) => string[]
}

/** Shaded land, a dot for each place and an arc for each exchange, as ECharts wants it. */
export function mapOption(picture: MapPicture): ChartOption {
  const { palette, full } = picture
  return {
    animation: false,
    tooltip: { trigger: 'item', ...tooltipStyle(palette) },
    geo: {
      map: 'world',
      nameProperty: 'id',
      projection: { project: picture.project, unproject: picture.unproject },
      roam: full,
      scaleLimit: { min: 1, max: 20 },
      preserveAspect: 'contain',
      left: full ? 12 : 0,
      right: full ? 12 : 0,
      top: full ? 12 : 0,
      bottom: full ? 12 : 0,
      label: { show: false },
      itemStyle: { areaColor: palette('land'), borderColor: palette('land-line'), borderWidth: 0.6 },
      emphasis: { label: { show: false }, itemStyle: { areaColor: fade(palette('accent'), 0.35) } },
      select: { disabled: true },
      tooltip: { show: true, formatter: (item: { name: string }) => html(picture.describeCountry(item.name)) },
      regions: regions(picture),
    },
    series: [...arcs(picture), places(picture), home(picture)],
  } as ChartOption
}

function html(lines: string[]): string {
  const [title = '', ...rest] = lines.map((line) => escapeHtml(line))
  return [`<strong>${title}</strong>`, ...rest].join('<br>')
}

function regions({ palette, shades, selected }: MapPicture) {
  const codes = new Set(shades.keys())
  if (selected) codes.add(selected)
  return [...codes].map((name) => {
    const shade = shades.get(name) ?? 0
    const areaColor = palette(shade ? `land-${shade}` : 'land')
    if (name !== selected) return { name, itemStyle: { areaColor } }
    return { name, itemStyle: { areaColor, borderColor: palette('accent'), borderWidth: 1.6 } }
  })
}

function places({ palette, places, measure, describePlace }: MapPicture) {
  const max = Math.max(1, ...places.map((place) => place[measure]))
  const data = places.flatMap((place) => {
    const { longitude, latitude } = place.location
    if (longitude === null || latitude === null) return []
    const size = rem(0.3 + 0.75 * Math.sqrt(place[measure] / max))
    const lively = place.rate > 0
    return {
      name: place.key,
      value: [longitude, latitude],
      symbolSize: size,
      itemStyle: { opacity: lively ? 1 : 0.55 },
      tooltip: { formatter: () => html(describePlace(place)) },
    }
  })
  return {
    id: 'places',
    type: 'scatter' as const,
    coordinateSystem: 'geo' as const,
    data,
    itemStyle: { color: palette('accent'), borderColor: palette('surface'), borderWidth: 1 },
    emphasis: { scale: 1.3 },
    zlevel: 2,
  }
}

function home({ palette, home, homeText, moving }: MapPicture) {
  return {
    id: 'home',
    type: moving ? ('effectScatter' as const) : ('scatter' as const),
    coordinateSystem: 'geo' as const,
    data: home ? [{ name: 'home', value: home, tooltip: { formatter: () => escapeHtml(homeText) } }] : [],
    symbolSize: rem(0.7),
    itemStyle: { color: palette('text'), borderColor: palette('surface'), borderWidth: 2 },
    rippleEffect: { scale: 3, brushType: 'stroke' as const, number: 2, period: 5 },
    zlevel: 2,
  }
}

function arcs({ palette, arcs, measure, moving, describePlace }: MapPicture) {
  const max = Math.max(1, ...arcs.map(({ arc }) => arc[measure]))
  const line = (drawn: DrawnArc) => ({
    coords: drawn.coords,
    lineStyle: {
      width: 0.7 + 1.8 * Math.sqrt(drawn.arc[measure] / max),
      opacity: drawn.arc.rate > 0 ? 0.75 : 0.22,
    },
    tooltip: { formatter: () => html(describePlace(drawn.place)) },
  })
  const common = {
    type: 'lines' as const,
    coordinateSystem: 'geo' as const,
    lineStyle: { color: palette('accent'), curveness: 0.22 },
  }
  const series: object[] = [{ ...common, id: 'arcs', data: arcs.map(line), silent: false, zlevel: 1 }]
  // Only what flows now runs; a still series beside it keeps the rest.
  series.push({
    ...common,
    id: 'running',
    data: moving ? arcs.filter(({ arc }) => arc.rate > 0).slice(0, 16).map(({ coords }) => ({ coords })) : [],
    lineStyle: { ...common.lineStyle, opacity: 0 },
    effect: { show: moving, period: 4, trailLength: 0, symbol: 'circle', symbolSize: rem(0.3), color: palette('text') },
    silent: true,
    zlevel: 3,
  })
  return series as never[]
}
