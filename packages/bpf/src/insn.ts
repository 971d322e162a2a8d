/**
 * Reading and writing the fields of encoded instructions: 8 bytes a slot, little-endian.
 * The fast way for hot loops; it does not check whether an instruction is valid.
 */

import { LD_IMM64 } from './opcodes'

export const INSN_SIZE = 8

export function opcodeAt(insns: Uint8Array, slot: number): number {
  return insns[slot * 8]!
}

export function dstAt(insns: Uint8Array, slot: number): number {
  return insns[slot * 8 + 1]! & 15
}

export function srcAt(insns: Uint8Array, slot: number): number {
  return insns[slot * 8 + 1]! >> 4
}

/** The 16-bit offset, signed. */
export function offAt(insns: Uint8Array, slot: number): number {
  const at = slot * 8 + 2
  return ((insns[at]! | (insns[at + 1]! << 8)) << 16) >> 16
}

/** The 32-bit immediate, signed. */
export function immAt(insns: Uint8Array, slot: number): number {
  const at = slot * 8 + 4
  return insns[at]! | (insns[at + 1]! << 8) | (insns[at + 2]! << 16) | (insns[at + 3]! << 24)
}

/** The 64-bit immediate of an `ld_imm64`, unsigned; the high half is 0 when the second slot is missing. */
export function imm64At(insns: Uint8Array, slot: number): bigint {
  const low = BigInt(immAt(insns, slot) >>> 0)
  const high = slot * 8 + 16 <= insns.length ? BigInt(immAt(insns, slot + 1) >>> 0) : 0n
  return (high << 32n) | low
}

/** Number of slots that the instruction at `slot` takes: 2 for `ld_imm64`, else 1. */
export function slotsOf(insns: Uint8Array, slot: number): number {
  return insns[slot * 8] === LD_IMM64 ? 2 : 1
}

export function writeInsn(
  insns: Uint8Array,
  slot: number,
  opcode: number,
  dst: number,
  src: number,
  off: number,
  imm: number,
): void {
  const at = slot * 8
  insns[at] = opcode
  insns[at + 1] = dst | (src << 4)
  insns[at + 2] = off
  insns[at + 3] = off >> 8
  insns[at + 4] = imm
  insns[at + 5] = imm >> 8
  insns[at + 6] = imm >> 16
  insns[at + 7] = imm >> 24
}

export function writeOff(insns: Uint8Array, slot: number, off: number): void {
  insns[slot * 8 + 2] = off
  insns[slot * 8 + 3] = off >> 8
}

export function writeImm(insns: Uint8Array, slot: number, imm: number): void {
  const at = slot * 8 + 4
  insns[at] = imm
  insns[at + 1] = imm >> 8
  insns[at + 2] = imm >> 16
  insns[at + 3] = imm >> 24
}

/** Lower-case hex of bytes, without separators. */
export function toHex(bytes: Uint8Array): string {
  let out = ''
  for (let i = 0; i < bytes.length; i++) out += HEX[bytes[i]!]
  return out
}

/** Bytes of a hex string (blanks allowed between bytes), or undefined where it is not one. */
export function fromHex(text: string): Uint8Array | undefined {
  const digits = text.replace(/\s+/g, '')
  if (digits.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(digits)) return undefined
  const out = new Uint8Array(digits.length / 2)
  for (let i = 0; i < out.length; i++) out[i] = parseInt(digits.slice(i * 2, i * 2 + 2), 16)
  return out
}

const HEX: readonly string[] = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'))
