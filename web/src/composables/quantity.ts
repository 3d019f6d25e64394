/** Quantities as people type them. Each function returns the number as text for the API, '' for nothing, null if it can't be read. */

const byteUnits: Record<string, number> = {
  '': 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12, ki: 2 ** 10, mi: 2 ** 20, gi: 2 ** 30, ti: 2 ** 40,
}

/** "1.5 MB", "200k", "1GiB", "4096". */
export function parseBytes(text: string): string | null {
  const trimmed = text.trim()
  if (trimmed === '') return ''
  const [, n, unit] = /^(\d+(?:[.,]\d+)?)\s*([kmgt]i?)?b?$/i.exec(trimmed) ?? []
  if (!n) return null
  const bytes = Math.round(Number(n.replace(',', '.')) * (byteUnits[(unit ?? '').toLowerCase()] ?? 1))
  return Number.isSafeInteger(bytes) ? String(bytes) : null
}

const durationUnits: Record<string, number> = { ms: 0.001, s: 1, m: 60, min: 60, h: 3600, d: 86_400 }

/** "90", "1.5 s", "5m", "1h 30m", "250ms": seconds. */
export function parseDuration(text: string): string | null {
  const trimmed = text.trim().toLowerCase()
  if (trimmed === '') return ''
  if (!/^(\d+([.,]\d+)?\s*(ms|min|[smhd])?\s*)+$/.test(trimmed)) return null
  let seconds = 0
  for (const [, n, unit] of trimmed.matchAll(/(\d+(?:[.,]\d+)?)\s*(ms|min|[smhd])?/g)) {
    seconds += Number((n ?? '0').replace(',', '.')) * (durationUnits[unit ?? 's'] ?? 1)
  }
  return seconds <= 1e9 ? String(Number(seconds.toFixed(3))) : null
}

/** The shortest text that parseBytes reads as the same number. */
export function writeBytes(bytes: string | undefined): string {
  if (!bytes) return ''
  for (const unit of ['t', 'g', 'm', 'k']) {
    const size = byteUnits[unit] ?? 1
    if (Number(bytes) >= size && Number.isInteger((Number(bytes) * 100) / size)) return `${Number(bytes) / size} ${unit === 'k' ? 'k' : unit.toUpperCase()}B`
  }
  return bytes
}

/** The shortest text that parseDuration reads as the same number. */
export function writeDuration(seconds: string | undefined): string {
  if (!seconds) return ''
  const n = Number(seconds)
  for (const unit of ['d', 'h', 'm'] as const) {
    const size = durationUnits[unit] ?? 1
    if (n >= size && n % size === 0) return `${n / size} ${unit}`
  }
  return `${n} s`
}
