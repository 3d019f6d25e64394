/**
 * The Equal Earth projection (Šavrič, Patterson, Jenny, 2018): areas keep their
 * proportions, so that shading doesn't flatter the north. Degrees in; x to the right,
 * y downwards, both in radians of the globe out.
 */
const a1 = 1.340264
const a2 = -0.081106
const a3 = 0.000893
const a4 = 0.003796
const m = Math.sqrt(3) / 2
const rad = Math.PI / 180

export function project([longitude, latitude]: readonly number[]): [number, number] {
  const theta = Math.asin(m * Math.sin((latitude ?? 0) * rad))
  return [((longitude ?? 0) * rad * Math.cos(theta)) / (m * slope(theta)), -height(theta)]
}

export function unproject([x, y]: readonly number[]): [number, number] {
  const target = -(y ?? 0)
  let theta = target / a1
  for (let i = 0; i < 12; i++) {
    const delta = (height(theta) - target) / slope(theta)
    theta -= delta
    if (Math.abs(delta) < 1e-9) break
  }
  const sine = Math.max(-1, Math.min(1, Math.sin(theta) / m))
  return [(m * (x ?? 0) * slope(theta)) / Math.cos(theta) / rad, Math.asin(sine) / rad]
}

function height(theta: number): number {
  const t2 = theta * theta
  const t6 = t2 * t2 * t2
  return theta * (a1 + a2 * t2 + t6 * (a3 + a4 * t2))
}

function slope(theta: number): number {
  const t2 = theta * theta
  const t6 = t2 * t2 * t2
  return a1 + 3 * a2 * t2 + t6 * (7 * a3 + 9 * a4 * t2)
}
