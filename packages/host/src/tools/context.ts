/** What the tools know besides the machine. */
import type { Machine } from '../machine/machine'

export interface ToolContext {
  readonly machine: Machine
  /** Unix time at which the machine's clock was 0, seconds. */
  readonly epoch: number
  /** Kernel release that `ethtool -i` shows. */
  readonly release: string
  /** What came through the pipe. */
  readonly input?: string
}

/** Unix seconds of a machine time. */
export function unixTime(context: ToolContext, nanoseconds: number): number {
  return context.epoch + Math.floor(nanoseconds / 1e9)
}

/** `2018-11-07T09:00:00+0000` */
export function isoTime(seconds: number): string {
  const days = Math.floor(seconds / 86400)
  const rest = seconds - days * 86400
  const { year, month, day } = civilDate(days)
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${year}-${two(month)}-${two(day)}T${two(Math.floor(rest / 3600))}:${two(Math.floor(rest / 60) % 60)}:${two(rest % 60)}+0000`
}

/** Date of a day counted from 1970-01-01 (proleptic Gregorian calendar). */
function civilDate(days: number): { year: number; month: number; day: number } {
  // Days from 0000-03-01, in cycles of 400 years.
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153)
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1,
  }
}
