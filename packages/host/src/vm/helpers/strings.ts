/** Numbers from text, comparison and formatting of text: strtol, strtoul, strncmp, trace_printk. */
import { ERRNO } from '../../errno'
import { negate, result } from '../int64'
import { R1, R2, R3, R4, R5 } from '../vm'
import type { Vm } from '../vm'
import type { HelperGroup } from './base'
import { flagsOf } from './maps'

export const STRING_HELPERS: HelperGroup = {
  105: (vm) => parseNumber(vm, true),
  106: (vm) => parseNumber(vm, false),
  182: (vm) => {
    const size = vm.reg[R2]! >>> 0
    const { bytes } = vm.memory
    const [a, b] = [vm.reg[R1]! >>> 0, vm.reg[R3]! >>> 0]
    for (let i = 0; i < size; i++) {
      const [left, right] = [bytes[a + i]!, bytes[b + i]!]
      if (left !== right) return vm.give(left < right ? -1 : 1)
      if (left === 0) break
    }
    vm.give(0)
  },
  6: (vm) => {
    const size = vm.reg[R2]! >>> 0
    const at = vm.pointer(R1, size)
    if (at < 0) return vm.fail('helper', 0, 'trace_printk with a bad format pointer')
    const text = format(vm, at, size)
    if (text === undefined) return vm.give(-ERRNO.EINVAL)
    vm.env.trace(text)
    vm.give(text.length)
  },
}

/** Base in the flags (0, 8, 10, 16); gives the characters used, or −22, or −34 where the number is too large. */
function parseNumber(vm: Vm, signed: boolean): void {
  const size = vm.reg[R2]! >>> 0
  const flags = flagsOf(vm, R3)
  const at = vm.pointer(R1, size)
  const to = vm.pointer(R4, 8)
  if (at < 0 || to < 0) return vm.fail('helper', 0, 'strtol with a bad pointer')
  if (![0, 8, 10, 16].includes(flags)) return vm.give(-ERRNO.EINVAL)
  const { bytes, view } = vm.memory
  let i = 0
  while (i < size && (bytes[at + i] === 32 || (bytes[at + i]! >= 9 && bytes[at + i]! <= 13))) i++
  const negative = bytes[at + i] === 45 && i < size
  if (negative) i++
  if (negative && !signed) return vm.give(-ERRNO.EINVAL)
  const digit = (index: number): number => {
    const code = index < size ? bytes[at + index]! : 0
    return code >= 48 && code <= 57 ? code - 48 : (code | 32) >= 97 && (code | 32) <= 122 ? (code | 32) - 87 : 99
  }
  let base = flags
  const hexPrefix = digit(i) === 0 && i + 1 < size && (bytes[at + i + 1]! | 32) === 120 && digit(i + 2) < 16
  if (base === 0) base = hexPrefix ? 16 : digit(i) === 0 ? 8 : 10
  if (base === 16 && hexPrefix) i += 2
  const first = i
  let lo = 0
  let hi = 0
  let overflow = false
  for (; digit(i) < base; i++) {
    const low = lo * base + digit(i)
    const high = hi * base + Math.floor(low / 4294967296)
    overflow ||= high > 0xffffffff
    lo = low % 4294967296
    hi = high % 4294967296
  }
  if (i === first) return vm.give(-ERRNO.EINVAL)
  if (signed) overflow ||= hi > 0x80000000 || (hi === 0x80000000 && (lo > 0 || !negative))
  if (overflow) return vm.give(-ERRNO.ERANGE)
  if (negative) negate(lo | 0, hi | 0)
  view.setInt32(to, negative ? result[0]! : lo | 0, true)
  view.setInt32(to + 4, negative ? result[1]! : hi | 0, true)
  vm.give(i)
}

/** The format at `at` with R3 … R5; undefined without an end, with unprintable characters or unknown conversions. */
function format(vm: Vm, at: number, size: number): string | undefined {
  const { bytes } = vm.memory
  const values = [R3, R4, R5]
  let text = ''
  let used = 0
  if (!bytes.subarray(at, at + size).includes(0)) return undefined
  for (let i = 0; bytes[at + i] !== 0; i++) {
    const char = String.fromCharCode(bytes[at + i]!)
    if (!/[\x20-\x7e\t\n\v\f\r]/.test(char)) return undefined
    if (char !== '%') {
      text += char
      continue
    }
    let spec = ''
    let conversion = ''
    while (++i < size) {
      const next = String.fromCharCode(bytes[at + i]!)
      if (/[diuxXpsc%]/.test(next)) {
        conversion = next
        break
      }
      if (!/[0-9l.-]/.test(next)) return undefined
      spec += next
    }
    if (conversion === '%') {
      text += '%'
      continue
    }
    const r = values[used++]
    if (conversion === '' || r === undefined) return undefined
    text += convert(vm, r, conversion, spec)
  }
  return text
}

function convert(vm: Vm, r: number, conversion: string, spec: string): string {
  const [lo, hi] = [vm.reg[r]!, vm.reg[r + 1]!]
  if (conversion === 'c') return String.fromCharCode(lo & 255)
  if (conversion === 's') {
    let text = ''
    for (let i = 0; i < 128; i++) {
      const at = vm.check((lo >>> 0) + i, 1)
      const byte = at < 0 ? 0 : vm.memory.bytes[at]!
      if (byte === 0) break
      text += String.fromCharCode(byte)
    }
    return text
  }
  const wide = spec.includes('l') || conversion === 'p'
  // Text is an edge: BigInt is fine here.
  const unsigned = wide ? (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0) : BigInt(lo >>> 0)
  const width = /\d+/.exec(spec)?.[0] ?? '0'
  const digits =
    conversion === 'x' || conversion === 'p'
      ? unsigned.toString(16)
      : conversion === 'X'
        ? unsigned.toString(16).toUpperCase()
        : conversion === 'u'
          ? unsigned.toString()
          : BigInt.asIntN(wide ? 64 : 32, unsigned).toString()
  return digits.padStart(Number(width), width.startsWith('0') ? '0' : ' ')
}
