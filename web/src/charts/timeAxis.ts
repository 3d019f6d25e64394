import type { Format } from '@/composables/format'
import { rem, type Palette } from './useChart'

/** The axis of time that all pictures share: seconds, minutes or days as its length asks for. */
export function timeAxis(from: number, end: number, format: Format, palette: Palette) {
  const seconds = (end - from) / 1000
  return {
    type: 'time' as const,
    min: from,
    max: end,
    splitNumber: 6,
    axisLine: { lineStyle: { color: palette('line-strong') }, onZero: false },
    axisTick: { show: false },
    axisLabel: {
      color: palette('text-3'),
      fontSize: rem(0.821),
      hideOverlap: true,
      formatter: (time: number) => tick(time, seconds, format),
    },
    splitLine: { show: false },
  }
}

/** The text of a tick. Where days matter, midnight carries the date. */
export function tick(time: number, seconds: number, format: Format): string {
  const date = new Date(time)
  const midnight = date.getHours() === 0 && date.getMinutes() === 0
  if (seconds > 43_200 && midnight) return format.day(time)
  return seconds > 600 ? format.clock(time) : format.time(time)
}
