/**
 * Loads from the packet and from map values, direct or through the packet cache, legacy packet loads, and packet
 * stores. Follows nfp-jit.md, sections 12.1, 12.4, 12.5 and 12.7.
 *
 * Packets are addressed with 32 bits (the island's own CTM), map values with 40.
 */
import { MEMORY_COMMANDS, NONE, RELOCATION, shiftRight } from '@offload/nfp'
import type { Operand } from '@offload/nfp'
import { accessSize } from '../opcodes'
import { dstGpr, srcGpr, zeroExtend } from './context'
import type { EmitContext, EmitRoutine } from './context'
import { PLACEHOLDER } from './emitter'
import { a, ab, b, IMM_A, IMM_AB, IMM_B, num, PACKET_LENGTH, PACKET_START, x } from './registers'

/** Longest read without an override word, in bytes. */
export const DIRECT_READ_BYTES = 32

const bytesFrom = (from: number, size: number): string =>
  size === 1 ? `packet byte ${from}` : `packet bytes ${from}–${from + size - 1}`

/** A load of 1 to 8 bytes from the packet. */
export const loadPacket: EmitRoutine = (cx, insn) => {
  const { out, program: p } = cx
  const size = accessSize(p.code[insn]!)
  out.because(`read ${bytesFrom(p.off[insn]!, size)} (relative to r${p.src[insn]})`)
  const offset = out.rimm(p.off[insn]!, IMM_B)
  readWords(cx, { a: a(srcGpr(cx, insn)), b: offset }, '32b', size)
  deliver(cx, insn, size)
}

/** A load of 1 to 8 bytes from a map value; the register pair holds a 40-bit address. */
export const loadMapValue: EmitRoutine = (cx, insn) => {
  const { out, program: p } = cx
  const size = accessSize(p.code[insn]!)
  const s = srcGpr(cx, insn)
  out.because(`read ${size} byte${size === 1 ? '' : 's'} of the map value at r${p.src[insn]}+${p.off[insn]}`)
  const offset = out.rimm(p.off[insn]!, IMM_B)
  readWords(cx, out.address40(a(s), b(s + 1), offset), '40b_BA', size)
  deliver(cx, insn, size)
}

function readWords(cx: EmitContext, address: { a: Operand; b: Operand }, mode: '32b' | '40b_BA', size: number): void {
  const count = Math.max(size, 4) / 4 - 1
  cx.out.cmd(address, { code: MEMORY_COMMANDS.read32Swap, mode, count, xfer: 0, wait: true })
}

/** From the transfer registers to the destination. */
function deliver(cx: EmitContext, insn: number, size: number): void {
  const { out } = cx
  const d = dstGpr(cx, insn)
  out.because('move what was read to the register')
  if (size < 4) out.takeBytes(ab(d), x(0), size, 0)
  else out.mov(ab(d), x(0))
  if (size === 8) out.mov(ab(d + 1), x(1))
  else zeroExtend(cx, insn, d)
}

/** A load whose bytes come with a range that the first load of the range reads for all. */
export const loadCached: EmitRoutine = (cx, insn) => {
  const { out, program: p } = cx
  const [start, end] = [p.cacheStart[insn]!, p.cacheEnd[insn]!]
  if (p.cacheInit[insn]) readRange(cx, insn, start, end - start)
  const size = accessSize(p.code[insn]!)
  const from = p.off[insn]! - start
  const alone = end - start === size
  out.because(
    alone
      ? 'move what was read to the register'
      : `${bytesFrom(p.off[insn]!, size)}, from the range ${start}–${end - 1} read once`,
  )
  const skewed = from % 4
  if (skewed === 0) deliverAligned(cx, insn, size, from >> 2)
  else deliverSkewed(cx, insn, size, from >> 2, skewed)
}

function readRange(cx: EmitContext, insn: number, start: number, length: number): void {
  const { out } = cx
  const alone = length === accessSize(cx.program.code[insn]!)
  out.because(`read ${bytesFrom(start, length)}${alone ? '' : ' for this and later loads'}`)
  const offset = out.rimm(start, IMM_B)
  const words = Math.ceil(length / 4)
  const indirect = length > DIRECT_READ_BYTES
  if (indirect) out.overrideLength(words)
  const code = MEMORY_COMMANDS.read32Swap
  out.cmd({ a: a(srcGpr(cx, insn)), b: offset }, { code, mode: '32b', count: words - 1, xfer: 0, wait: true, indirect })
}

function deliverAligned(cx: EmitContext, insn: number, size: number, word: number): void {
  const { out } = cx
  const d = dstGpr(cx, insn)
  if (size < 4) out.takeBytes(ab(d), x(word), size, 0)
  else out.mov(ab(d), x(word))
  if (size === 8) out.mov(ab(d + 1), x(word + 1))
  else zeroExtend(cx, insn, d)
}

/** The bytes begin inside word `word`, `skew` bytes from its start, and may reach into the next two. */
function deliverSkewed(cx: EmitContext, insn: number, size: number, word: number, skew: number): void {
  const { out } = cx
  const d = dstGpr(cx, insn)
  const inFirst = Math.min(size, 4 - skew)
  out.takeBytes(ab(d), x(word), inFirst, skew)
  if (size === 8) {
    out.putBytes(ab(d), x(word + 1), 4 - inFirst, inFirst)
    out.takeBytes(ab(d + 1), x(word + 1), inFirst, 4 - inFirst)
    out.putBytes(ab(d + 1), x(word + 2), 4 - inFirst, inFirst)
    return
  }
  if (size > inFirst) out.putBytes(ab(d), x(word + 1), size - inFirst, inFirst)
  zeroExtend(cx, insn, d)
}

/** LD_ABS: packet bytes at a constant offset, checked against the length. Offsets are cut to 16 bits (quirk Q10). */
export const loadAbsolute: EmitRoutine = (cx, insn) => {
  const { out, program: p } = cx
  const size = accessSize(p.code[insn]!)
  const offset = p.imm[insn]! & 0xffff
  out.because('is the packet long enough? else abort')
  out.alu(NONE, PACKET_LENGTH, '-', out.uimm(offset + size, IMM_A))
  out.br('bcc', PLACEHOLDER, 0, RELOCATION.goAbort)
  out.because(`read ${bytesFrom(offset, size)}, first byte highest`)
  legacyRead(cx, insn, out.rimm(offset, IMM_B), size)
}

/** LD_IND: the same at a register plus a constant; the sum is not tested for wrap-around (quirk Q21). */
export const loadIndirect: EmitRoutine = (cx, insn) => {
  const { out, program: p } = cx
  const size = accessSize(p.code[insn]!)
  out.because('offset of the bytes, and of their end')
  out.alu(IMM_AB, a(srcGpr(cx, insn)), '+', out.uimm(p.imm[insn]! & 0xffff, IMM_B))
  out.alu(IMM_A, IMM_A, '+', num(size))
  out.because('is the packet long enough? else abort')
  out.alu(NONE, PACKET_LENGTH, '-', IMM_A)
  out.br('bcc', PLACEHOLDER, 0, RELOCATION.goAbort)
  out.because(`read ${size} packet byte${size === 1 ? '' : 's'}, first byte highest`)
  legacyRead(cx, insn, IMM_B, size)
}

function legacyRead(cx: EmitContext, insn: number, offset: Operand, size: number): void {
  const { out } = cx
  const count = Math.max(size, 4) - 1
  const code = MEMORY_COMMANDS.read8
  out.cmd({ a: PACKET_START, b: offset }, { code, mode: '32b', count, xfer: 0, wait: true })
  out.because('move what was read to r0')
  if (size < 4) out.shf(ab(0), NONE, 'B', x(0), shiftRight(8 * (4 - size)))
  else out.mov(ab(0), x(0))
  zeroExtend(cx, insn, 0)
}

/** A store of a register to the packet. */
export const storePacket: EmitRoutine = (cx, insn) => {
  const { out, program: p } = cx
  const size = accessSize(p.code[insn]!)
  const s = srcGpr(cx, insn)
  out.because(`write ${bytesFrom(p.off[insn]!, size)} (relative to r${p.dst[insn]})`)
  const offset = out.rimm(p.off[insn]!, IMM_B)
  out.mov(x(0), a(s))
  if (size === 8) out.mov(x(1), a(s + 1))
  const code = MEMORY_COMMANDS.write8Swap
  out.cmd({ a: a(dstGpr(cx, insn)), b: offset }, { code, mode: '32b', count: size - 1, xfer: 0, wait: true })
}
