/** What is typed into the traffic form, as values of a spec, and the other way round. */
import { IMIX, lineRate, meanFrameSize, packetsForBits, packetsForLineShare } from '@offload/packet'
import type { AddressRange, FlowKind, Payload, TrafficSpec } from '@offload/packet'

export type RateUnit = 'mpps' | 'gbps' | 'line'
export const RATE_UNITS: readonly (readonly [RateUnit, string])[] = [
  ['mpps', 'Mpps'],
  ['gbps', 'Gbit/s'],
  ['line', '% of line'],
]

const short = (value: number): string => String(Number(value.toPrecision(5)))

/** A spec's rate in a unit. */
export function rateText(spec: TrafficSpec, unit: RateUnit, gbps: number): string {
  if (unit === 'mpps') return short(spec.rate / 1e6)
  if (unit === 'gbps') return short((spec.rate * 8 * (meanFrameSize(spec.kinds) + 4)) / 1e9)
  return short((100 * spec.rate) / lineRate(meanFrameSize(spec.kinds), gbps))
}

/** Packets a second; undefined for what is no rate. */
export function parseRate(text: string, unit: RateUnit, spec: TrafficSpec, gbps: number): number | undefined {
  const value = Number(text)
  if (text.trim() === '' || !(value > 0)) return undefined
  const rate =
    unit === 'mpps'
      ? value * 1e6
      : unit === 'gbps'
        ? packetsForBits(spec.kinds, value * 1e9)
        : packetsForLineShare(spec.kinds, value / 100, gbps)
  return rate > 0 && rate <= 1e9 ? rate : undefined
}

export function sizeText(size: FlowKind['size']): string {
  return typeof size === 'number' ? String(size) : size.map(([bytes, weight]) => `${bytes}:${weight}`).join(' ')
}

/** "60", "60:3 590:1" or "imix". */
export function parseSizes(text: string): FlowKind['size'] | undefined {
  if (text.trim().toLowerCase() === 'imix') return IMIX
  const pairs = text
    .trim()
    .split(/[\s,]+/)
    .map((part) => part.split(':').map(Number))
  const wrong = pairs.some(
    ([bytes, weight]) =>
      bytes === undefined ||
      !Number.isInteger(bytes) ||
      bytes < 14 ||
      bytes > 9600 ||
      (weight !== undefined && !(weight > 0)),
  )
  if (wrong) return undefined
  return pairs.length === 1 && pairs[0]![1] === undefined
    ? pairs[0]![0]!
    : pairs.map(([bytes, weight]) => [bytes!, weight ?? 1] as const)
}

/** A whole number in a range; undefined otherwise. */
export function parseWhole(text: string, from: number, to: number): number | undefined {
  const value = /^0x/i.test(text) || /^\d+$/.test(text) ? Number(text) : Number.NaN
  return Number.isInteger(value) && value >= from && value <= to ? value : undefined
}

export function rangeText(range: AddressRange | undefined): string {
  return range === undefined ? '' : typeof range === 'string' ? range : `${range.from} ×${range.count}`
}

/** "10.0.0.1", or "10.0.0.1 ×256": so many from there on. What is no address is found by the engine. */
export function parseRange(text: string): AddressRange | undefined {
  const match = /^([0-9a-f.:]+)(?:\s*[×x*]\s*(\d+))?$/i.exec(text.trim())
  if (match === null) return undefined
  return match[2] === undefined ? match[1]! : { from: match[1]!, count: Number(match[2]) }
}

export function payloadText(payload: Payload | undefined): string {
  return payload === undefined ? 'zeros' : typeof payload === 'string' ? payload : payload.hex
}

/** "zeros", "counting", "random", or bytes in hex. */
export function parsePayload(text: string): Payload | undefined {
  const word = text.trim()
  if (word === 'zeros' || word === 'counting' || word === 'random') return word
  return /^([0-9a-f]{2})+$/i.test(word) ? { hex: word } : undefined
}

/** `kind` without the field that is undefined in `part`, with the others of it. */
export function changed(
  kind: FlowKind,
  part: { readonly [Field in keyof FlowKind]?: FlowKind[Field] | undefined },
): FlowKind {
  return Object.fromEntries(
    Object.entries({ ...kind, ...part }).filter(([, value]) => value !== undefined),
  ) as unknown as FlowKind
}
