/**
 * SVG paths through values, oldest first, from left to right in a box: one stroke for
 * each run of two or more; null is a gap.
 */
export function sparkPaths(values: readonly (number | null)[], width: number, height: number): { line: string; area: string } {
  const max = Math.max(1, ...values.map((value) => value ?? 0))
  const step = width / Math.max(1, values.length - 1)
  const x = (i: number) => (i * step).toFixed(1)
  const y = (value: number) => (height - 1 - (Math.max(0, value) / max) * (height - 2)).toFixed(1)
  let line = ''
  let area = ''
  for (let start = 0; start < values.length; start++) {
    let end = start
    let stroke = ''
    for (let value = values[end]; value !== null && value !== undefined; value = values[++end]) {
      stroke += `${end === start ? 'M' : 'L'}${x(end)},${y(value)}`
    }
    if (end - start > 1) {
      line += stroke
      area += `${stroke}V${height}H${x(start)}Z`
    }
    start = Math.max(start, end)
  }
  return { line, area }
}
