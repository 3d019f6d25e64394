/** How numbers, times and places are written. Pure: everything it depends on is a parameter. */

export type RateUnit = 'bit' | 'byte'

export interface Quantity {
  value: string
  unit: string
}

export interface Format {
  locale: string
  rate(bytesPerSecond: number): string
  rateParts(bytesPerSecond: number): Quantity
  /** A round number, already in the shown unit, without needless zeros. */
  axisRate(n: number): string
  bytes(bytes: number): string
  bytesParts(bytes: number): Quantity
  integer(n: number): string
  compact(n: number): string
  perSecond(n: number): Quantity
  percent(part: number, digits?: number): string
  duration(seconds: number): string
  /** A time in milliseconds that may be far below one, with three digits that matter. */
  latency(ms: number): string
  time(iso: string | number): string
  clock(iso: string | number): string
  dateTime(iso: string | number): string
  /** A time of this year or a year that does not matter. */
  moment(iso: string | number): string
  /** A length of time in one unit, written out. */
  length(n: number, unit: 'second' | 'minute' | 'hour' | 'day' | 'week'): string
  /** Day and month. */
  day(iso: string | number): string
  /** From one time to another, without saying twice what both have in common. */
  span(from: number, to: number): string
  /** How much more or, with a minus, less: 0.25 is "+25%". */
  change(part: number): string
  ago(iso: string, now: number): string
  country(code: string, fallback?: string): string
}

const prefixes = ['', 'k', 'M', 'G', 'T', 'P', 'E']

/** SI scale of a quantity: three digits that matter, so that its width hardly changes. */
export function scale(n: number): { value: number; prefix: string; digits: number } {
  let value = Math.abs(n)
  let step = 0
  while (value >= 999.5 && step < prefixes.length - 1) {
    value /= 1000
    step++
  }
  const digits = step === 0 ? 0 : value < 9.995 ? 2 : value < 99.95 ? 1 : 0
  return { value: Math.sign(n) * value, prefix: prefixes[step] ?? '', digits }
}

/** Exact share to a text that never rounds something lost up to "100 %". */
export function shareDigits(part: number, digits: number): number {
  const factor = 10 ** (digits + 2)
  if (part < 1 && Math.round(part * factor) === factor) return Math.floor(part * factor) / factor
  return part
}

export function createFormat(locale: string, rateUnit: RateUnit, timeZone?: string): Format {
  const numbers = [0, 1, 2].map(
    (digits) => new Intl.NumberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits }),
  )
  const compactNumber = new Intl.NumberFormat(locale, { notation: 'compact', maximumSignificantDigits: 3 })
  const axisNumber = new Intl.NumberFormat(locale, { maximumFractionDigits: 2 })
  const times = new Intl.DateTimeFormat(locale, { timeStyle: 'medium', timeZone })
  const clocks = new Intl.DateTimeFormat(locale, { timeStyle: 'short', timeZone })
  const dateTimes = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium', timeZone })
  const moments = new Intl.DateTimeFormat(locale, {
    day: 'numeric', month: 'short', hour: 'numeric', minute: '2-digit', second: '2-digit', timeZone,
  })
  const days = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', timeZone })
  const spans = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', hour: 'numeric', minute: '2-digit', timeZone })
  const changes = new Intl.NumberFormat(locale, { style: 'percent', maximumSignificantDigits: 2, signDisplay: 'exceptZero' })
  const relative = new Intl.RelativeTimeFormat(locale, { style: 'narrow', numeric: 'auto' })
  const regions = new Intl.DisplayNames(locale, { type: 'region', style: 'short' })
  const units = durationUnits(locale)
  const latencies = { millisecond: latencyNumber(locale, 'millisecond'), second: latencyNumber(locale, 'second') }

  const parts = (n: number, unit: string): Quantity => {
    const s = scale(n)
    return { value: numbers[s.digits]?.format(s.value) ?? '', unit: s.prefix + unit }
  }
  const rateParts = (n: number) => (rateUnit === 'bit' ? parts(n * 8, 'bit/s') : parts(n, 'B/s'))
  const bytesParts = (n: number) => parts(n, 'B')
  const join = (q: Quantity) => `${q.value}\u00a0${q.unit}`

  return {
    locale,
    rateParts,
    bytesParts,
    rate: (n) => join(rateParts(n)),
    bytes: (n) => join(bytesParts(n)),
    integer: (n) => numbers[0]?.format(n) ?? '',
    compact: (n) => (n < 100_000 ? (numbers[0]?.format(n) ?? '') : compactNumber.format(n)),
    perSecond: (n) => ({ value: n < 100_000 ? (numbers[0]?.format(n) ?? '') : compactNumber.format(n), unit: '/s' }),
    axisRate: (n) => {
      const unit = rateUnit === 'bit' ? 'bit/s' : 'B/s'
      const s = scale(n)
      return `${axisNumber.format(s.value)}\u00a0${s.prefix}${unit}`
    },
    percent: (part, digits = 1) =>
      new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: digits }).format(
        shareDigits(part, digits),
      ),
    latency: (ms) => (ms < 999.5 ? latencies.millisecond : latencies.second).format(ms < 999.5 ? ms : ms / 1000),
    duration: (seconds) => writeDuration(seconds, units),
    time: (iso) => times.format(new Date(iso)),
    clock: (iso) => clocks.format(new Date(iso)),
    dateTime: (iso) => dateTimes.format(new Date(iso)),
    moment: (iso) => moments.format(new Date(iso)),
    length: (n, unit) => new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' }).format(n),
    day: (iso) => days.format(new Date(iso)),
    span: (from, to) => spans.formatRange(from, to),
    change: (part) => changes.format(part),
    ago: (iso, now) => writeAgo((Date.parse(iso) - now) / 1000, relative),
    country: (code, fallback = '') => countryName(regions, code, fallback),
  }
}

function countryName(regions: Intl.DisplayNames, code: string, fallback: string): string {
  if (!/^[A-Z]{2}$/.test(code)) return fallback || code
  const name = regions.of(code)
  return name && name !== code ? name : fallback || code
}

const unitDisplay = (locale: string) => (locale.startsWith('zh') ? 'short' : 'narrow')

function latencyNumber(locale: string, unit: 'millisecond' | 'second'): Intl.NumberFormat {
  return new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: unitDisplay(locale), maximumSignificantDigits: 3 })
}

interface DurationUnits {
  write: (n: number, unit: 'day' | 'hour' | 'minute' | 'second' | 'millisecond', digits?: number) => string
  separator: string
}

function durationUnits(locale: string): DurationUnits {
  return {
    write: (n, unit, digits = 0) =>
      new Intl.NumberFormat(locale, {
        style: 'unit',
        unit,
        unitDisplay: unitDisplay(locale),
        maximumFractionDigits: digits,
        minimumFractionDigits: digits,
      }).format(n),
    separator: locale.startsWith('zh') ? '' : ' ',
  }
}

function writeDuration(seconds: number, { write, separator }: DurationUnits): string {
  if (seconds < 0.0005) return write(0, 'second')
  if (seconds < 0.9995) return write(Math.round(seconds * 1000), 'millisecond')
  if (seconds < 9.95) return write(seconds, 'second', Number.isInteger(seconds) ? 0 : 1)
  const whole = Math.round(seconds)
  if (whole < 60) return write(whole, 'second')
  if (whole < 3600) return pair(write(Math.floor(whole / 60), 'minute'), whole % 60, 'second')
  if (whole < 86_400) return pair(write(Math.floor(whole / 3600), 'hour'), Math.floor((whole % 3600) / 60), 'minute')
  return pair(write(Math.floor(whole / 86_400), 'day'), Math.floor((whole % 86_400) / 3600), 'hour')

  function pair(large: string, n: number, unit: 'second' | 'minute' | 'hour'): string {
    return n === 0 ? large : large + separator + write(n, unit)
  }
}

function writeAgo(seconds: number, relative: Intl.RelativeTimeFormat): string {
  const distance = Math.abs(seconds)
  if (distance < 1.5) {
    // The locale data's word means "at present"; of something that happened one says "just now".
    return relative.resolvedOptions().locale.startsWith('zh') ? '刚刚' : relative.format(0, 'second')
  }
  if (distance < 59.5) return relative.format(Math.round(seconds), 'second')
  if (distance < 3570) return relative.format(Math.round(seconds / 60), 'minute')
  if (distance < 84_600) return relative.format(Math.round(seconds / 3600), 'hour')
  return relative.format(Math.round(seconds / 86_400), 'day')
}
