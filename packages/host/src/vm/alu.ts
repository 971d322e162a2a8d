/**
 * Arithmetic, byte swaps and comparisons of the interpreter: one function for each class of instructions, on the register
 * file alone. Division by zero, shifts and sign extension as in RFC 9669.
 */
import { divide, divideSigned, multiply, negate, result, swap32 } from './int64'

/** One 64-bit arithmetic instruction; false for an unknown one. */
export function alu64(reg: Int32Array, op: number, d: number, s: number, off: number, imm: number): boolean {
  const register = (op & 8) !== 0
  const bLo = register ? reg[s]! : imm
  const bHi = register ? reg[s + 1]! : imm >> 31
  const aLo = reg[d]!
  const aHi = reg[d + 1]!
  switch (op >> 4) {
    case 0x0: {
      const lo = (aLo + bLo) | 0
      reg[d] = lo
      reg[d + 1] = (aHi + bHi + (lo >>> 0 < aLo >>> 0 ? 1 : 0)) | 0
      return true
    }
    case 0x1:
      reg[d] = (aLo - bLo) | 0
      reg[d + 1] = (aHi - bHi - (aLo >>> 0 < bLo >>> 0 ? 1 : 0)) | 0
      return true
    case 0x2:
      multiply(aLo, aHi, bLo, bHi)
      break
    case 0x3:
    case 0x9:
      if (off === 1) divideSigned(aLo, aHi, bLo, bHi, op >> 4 === 9)
      else divide(aLo, aHi, bLo, bHi, op >> 4 === 9)
      break
    case 0x4:
      reg[d] = aLo | bLo
      reg[d + 1] = aHi | bHi
      return true
    case 0x5:
      reg[d] = aLo & bLo
      reg[d + 1] = aHi & bHi
      return true
    case 0x6: {
      const n = bLo & 63
      if (n >= 32) {
        reg[d] = 0
        reg[d + 1] = aLo << (n - 32)
      } else if (n > 0) {
        reg[d] = aLo << n
        reg[d + 1] = (aHi << n) | (aLo >>> (32 - n))
      }
      return true
    }
    case 0x7: {
      const n = bLo & 63
      if (n >= 32) {
        reg[d] = aHi >>> (n - 32)
        reg[d + 1] = 0
      } else if (n > 0) {
        reg[d] = (aLo >>> n) | (aHi << (32 - n))
        reg[d + 1] = aHi >>> n
      }
      return true
    }
    case 0xc: {
      const n = bLo & 63
      if (n >= 32) {
        reg[d] = aHi >> (n - 32)
        reg[d + 1] = aHi >> 31
      } else if (n > 0) {
        reg[d] = (aLo >>> n) | (aHi << (32 - n))
        reg[d + 1] = aHi >> n
      }
      return true
    }
    case 0x8:
      negate(aLo, aHi)
      break
    case 0xa:
      reg[d] = aLo ^ bLo
      reg[d + 1] = aHi ^ bHi
      return true
    case 0xb: {
      const lo = off === 8 ? (bLo << 24) >> 24 : off === 16 ? (bLo << 16) >> 16 : bLo
      reg[d] = lo
      reg[d + 1] = off === 0 ? bHi : lo >> 31
      return true
    }
    case 0xd:
      // Unconditional byte swap
      byteSwap(reg, d, imm)
      return !register
    default:
      return false
  }
  reg[d] = result[0]!
  reg[d + 1] = result[1]!
  return true
}

export function alu32(reg: Int32Array, op: number, d: number, s: number, off: number, imm: number): boolean {
  const b = (op & 8) !== 0 ? reg[s]! : imm
  const a = reg[d]!
  let value: number
  switch (op >> 4) {
    case 0x0:
      value = a + b
      break
    case 0x1:
      value = a - b
      break
    case 0x2:
      value = Math.imul(a, b)
      break
    case 0x3:
      if (off === 1) value = b === 0 ? 0 : a / b
      else value = b === 0 ? 0 : (a >>> 0) / (b >>> 0)
      break
    case 0x9:
      if (b === 0) value = a
      else value = off === 1 ? a % b : (a >>> 0) % (b >>> 0)
      break
    case 0x4:
      value = a | b
      break
    case 0x5:
      value = a & b
      break
    case 0x6:
      value = a << (b & 31)
      break
    case 0x7:
      value = a >>> (b & 31)
      break
    case 0xc:
      value = a >> (b & 31)
      break
    case 0x8:
      value = -a
      break
    case 0xa:
      value = a ^ b
      break
    case 0xb:
      value = off === 8 ? (b << 24) >> 24 : off === 16 ? (b << 16) >> 16 : b
      break
    case 0xd:
      // To big endian (this machine is little-endian), or to little endian: the upper bytes go away.
      if ((op & 8) !== 0) byteSwap(reg, d, imm)
      else if (imm === 16) {
        reg[d] = a & 0xffff
        reg[d + 1] = 0
      } else if (imm === 32) reg[d + 1] = 0
      return true
    default:
      return false
  }
  reg[d] = value
  reg[d + 1] = 0
  return true
}

function byteSwap(reg: Int32Array, d: number, bits: number): void {
  const lo = reg[d]!
  if (bits === 16) {
    reg[d] = ((lo & 0xff) << 8) | ((lo >>> 8) & 0xff)
    reg[d + 1] = 0
  } else if (bits === 32) {
    reg[d] = swap32(lo)
    reg[d + 1] = 0
  } else {
    reg[d] = swap32(reg[d + 1]!)
    reg[d + 1] = swap32(lo)
  }
}

/** 1 taken, 0 not, -1 unknown instruction. */
export function jump(reg: Int32Array, op: number, d: number, s: number, imm: number): number {
  const register = (op & 8) !== 0
  const wide = (op & 7) === 5
  const aLo = reg[d]!
  const bLo = register ? reg[s]! : imm
  // 32-bit comparisons: the upper halves are sign extensions, so that one set of tests serves both.
  const aHi = wide ? reg[d + 1]! : aLo >> 31
  const bHi = wide ? (register ? reg[s + 1]! : imm >> 31) : bLo >> 31
  switch (op >> 4) {
    case 0x1:
      return aLo === bLo && aHi === bHi ? 1 : 0
    case 0x5:
      return aLo !== bLo || aHi !== bHi ? 1 : 0
    case 0x4:
      return ((aLo & bLo) | (wide ? aHi & bHi : 0)) !== 0 ? 1 : 0
    case 0x2:
      return below(bLo, bHi, aLo, aHi) ? 1 : 0
    case 0x3:
      return below(aLo, aHi, bLo, bHi) ? 0 : 1
    case 0xa:
      return below(aLo, aHi, bLo, bHi) ? 1 : 0
    case 0xb:
      return below(bLo, bHi, aLo, aHi) ? 0 : 1
    case 0x6:
      return less(bLo, bHi, aLo, aHi) ? 1 : 0
    case 0x7:
      return less(aLo, aHi, bLo, bHi) ? 0 : 1
    case 0xc:
      return less(aLo, aHi, bLo, bHi) ? 1 : 0
    case 0xd:
      return less(bLo, bHi, aLo, aHi) ? 0 : 1
    default:
      return -1
  }
}

function below(aLo: number, aHi: number, bLo: number, bHi: number): boolean {
  return aHi === bHi ? aLo >>> 0 < bLo >>> 0 : aHi >>> 0 < bHi >>> 0
}

function less(aLo: number, aHi: number, bLo: number, bHi: number): boolean {
  return aHi === bHi ? aLo >>> 0 < bLo >>> 0 : aHi < bHi
}
