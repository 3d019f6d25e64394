/** An axis from min to max (min ≤ 0 ≤ max) whose ends and ticks are round: 1, 2 or 5 times a power of ten apart. */
export function roundAxis(min: number, max: number, ticks: number): { min: number; max: number; interval: number } {
  const rough = Math.max((max - min) / ticks, Number.MIN_VALUE)
  const power = 10 ** Math.floor(Math.log10(rough))
  const interval = ([1, 2, 5].find((step) => step * power >= rough * 0.999) ?? 10) * power
  return { min: -Math.ceil(-min / interval) * interval || 0, max: Math.ceil(max / interval) * interval, interval }
}
