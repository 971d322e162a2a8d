/** Numbers as the page writes them: thin spaces between thousands, few digits, unit after a space. */

const THIN = '\u202f'

/** 8406554 → "8 406 554". */
export function grouped(value: number | bigint): string {
  return value.toString().replace(/\B(?=(\d{3})+$)/g, THIN)
}

/** Three significant digits: 24.0, 1.10, 570. */
function digits(value: number): string {
  const size = Math.abs(value)
  if (size >= 99.95) return Math.round(value).toString()
  if (size >= 9.995) return value.toFixed(1)
  return value.toFixed(2)
}

/** Packets per second in Mpps, as the figures show them. */
export function mpps(perSecond: number): string {
  const value = perSecond / 1e6
  return value < 0.005 && value > 0 ? '< 0.01' : digits(value)
}

/** A rate with its letter: 22.9 M, 570 k, 12. */
export function rate(perSecond: number): string {
  if (perSecond >= 999_500) return `${digits(perSecond / 1e6)}${THIN}M`
  if (perSecond >= 999.5) return `${digits(perSecond / 1e3)}${THIN}k`
  if (perSecond > 0 && perSecond < 1) return '< 1'
  return Math.round(perSecond).toString()
}

/** A stretch of time with a fitting unit. */
export function duration(nanoseconds: number): string {
  if (nanoseconds < 1e3) return `${Math.round(nanoseconds)} ns`
  if (nanoseconds < 1e6) return `${digits(nanoseconds / 1e3)} µs`
  if (nanoseconds < 1e9) return `${(nanoseconds / 1e6).toFixed(nanoseconds < 1e8 ? 2 : 1)} ms`
  return `${(nanoseconds / 1e9).toFixed(2)} s`
}

/** Simulated over real: ×1/38, ×2.0. */
export function ratioText(ratio: number): string {
  if (!Number.isFinite(ratio) || ratio <= 0) return '–'
  return ratio >= 1 ? `×${digits(ratio)}` : `×1/${grouped(Math.round(1 / ratio))}`
}

export function percent(share: number): string {
  const value = share * 100
  return value > 0 && value < 0.1
    ? '< 0.1 %'
    : `${value >= 99.95 || value === 0 ? Math.round(value) : value.toFixed(1)} %`
}

export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  if (bytes < 1e6) return `${(bytes / 1000).toFixed(1)} kB`
  return `${(bytes / 1e6).toFixed(1)} MB`
}
