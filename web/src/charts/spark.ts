/** An SVG path through values, oldest first, from left to right in a box; empty with fewer than two. */
export function sparkPath(values: readonly number[], width: number, height: number): string {
  if (values.length < 2) return ''
  const max = Math.max(...values, 1)
  const step = width / (values.length - 1)
  const y = (value: number) => (height - 1 - (Math.max(0, value) / max) * (height - 2)).toFixed(1)
  return values.map((value, i) => `${i === 0 ? 'M' : 'L'}${(i * step).toFixed(1)},${y(value)}`).join('')
}
