import { onBeforeUnmount, onMounted, shallowRef, type Ref, type ShallowRef } from 'vue'
import { preferences } from '@/stores/preferences'
import { watch } from 'vue'
import { init, type ChartOption, type EChartsType } from './echarts'

/** The design's colours as ECharts can use them: resolved for the theme that holds now. */
export type Palette = (token: string) => string

export interface ChartHandle {
  chart: ShallowRef<EChartsType | null>
  /** Draws once the element is there, and again after each change of size or theme. */
  draw: () => void
}

/** Ties a chart to an element: size, theme, and its end. */
export function useChart(
  element: Ref<HTMLElement | null>,
  option: (palette: Palette, chart: EChartsType) => ChartOption,
  ready?: (chart: EChartsType) => void,
): ChartHandle {
  const chart = shallowRef<EChartsType | null>(null)
  const dark = matchMedia('(prefers-color-scheme: dark)')
  let palette: Palette = () => ''

  function draw(): void {
    if (chart.value) chart.value.setOption(option(palette, chart.value), { lazyUpdate: true })
  }
  function rethemed(): void {
    if (element.value) palette = paletteOf(element.value)
    draw()
  }
  const observer = new ResizeObserver(() => {
    chart.value?.resize()
    draw()
  })
  onMounted(() => {
    if (!element.value) return
    chart.value = init(element.value, null, { renderer: 'canvas' })
    palette = paletteOf(element.value)
    ready?.(chart.value)
    draw()
    observer.observe(element.value)
    dark.addEventListener('change', rethemed)
  })
  watch(() => preferences.theme, rethemed, { flush: 'post' })
  onBeforeUnmount(() => {
    observer.disconnect()
    dark.removeEventListener('change', rethemed)
    chart.value?.dispose()
    chart.value = null
  })
  return { chart, draw }
}

// A custom property reads back as it was written, light-dark() and all; a colour is resolved.
function paletteOf(host: HTMLElement): Palette {
  const probe = document.createElement('i')
  probe.hidden = true
  const known = new Map<string, string>()
  return (token) => {
    let colour = known.get(token)
    if (colour) return colour
    host.append(probe)
    probe.style.color = `var(--${token})`
    colour = getComputedStyle(probe).color
    probe.remove()
    known.set(token, colour)
    return colour
  }
}

/** The same colour with an opacity; colour is what a Palette returned. */
export function fade(colour: string, opacity: number): string {
  const [r, g, b] = colour.match(/[\d.]+/g) ?? ['0', '0', '0']
  return `rgba(${r},${g},${b},${opacity})`
}

/** What all tooltips have in common. */
export function tooltipStyle(palette: Palette) {
  return {
    backgroundColor: palette('surface'),
    borderColor: palette('line-strong'),
    borderWidth: 1,
    padding: [7, 10],
    textStyle: { color: palette('text'), fontSize: 12 },
    extraCssText: 'box-shadow: var(--shadow-over); font-family: var(--font);',
    transitionDuration: 0,
    confine: true,
  }
}

/** Text size in pixels for a size in rem, so that charts grow with the page. */
export function rem(size: number): number {
  return size * parseFloat(getComputedStyle(document.documentElement).fontSize)
}
