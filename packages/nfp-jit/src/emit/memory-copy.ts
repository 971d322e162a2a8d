/**
 * Gathered copies: up to 128 bytes from the packet or a map value to the packet with one read and one or two writes.
 * Follows nfp-jit.md, section 12.6, with quirks Q5 (what the register holds afterwards) and Q6 (a write offset cut to
 * 8 bits).
 */
import { MEMORY_COMMANDS } from '@offload/nfp'
import type { CommandOptions } from '@offload/nfp'
import { EINVAL } from '../errno'
import { accessSize } from '../opcodes'
import { PTR_PACKET } from '../program-info'
import { dstGpr, srcGpr } from './context'
import type { EmitContext, EmitRoutine } from './context'
import { a, ab, b, IMM_B, x } from './registers'
import { TranslateError } from './translate-error'

/** Bytes that commands can name without an override word: 8 words, or 8 single bytes. */
const DIRECT_WORD_BYTES = 32
const DIRECT_BYTES = 8

export const copyGathered: EmitRoutine = (cx, insn) => {
  const { program: p } = cx
  if (p.pairedStore[insn]! < 0) {
    throw new TranslateError(EINVAL, [
      'the driver would crash here: a run of load/store pairs reaches the last instruction but one and is never closed',
    ])
  }
  const length = Math.abs(p.copyLength[insn]!)
  const words = Math.ceil(length / 4)
  readSource(cx, insn, length, words)
  cx.out.because('from the registers read to the registers written')
  for (let i = 0; i < words; i++) cx.out.mov(x(i), x(i))
  writeTarget(cx, insn, length, words)
  reload(cx, insn, length, words)
}

function readSource(cx: EmitContext, insn: number, length: number, words: number): void {
  const { out, program: p } = cx
  const s = srcGpr(cx, insn)
  out.because(`read ${length} bytes to copy`)
  const offset = out.rimm(p.off[insn]!, IMM_B)
  const fromPacket = p.ptrType[insn] === PTR_PACKET
  const address = fromPacket ? { a: a(s), b: offset } : out.address40(a(s), b(s + 1), offset)
  const indirect = length > DIRECT_WORD_BYTES
  if (indirect) out.overrideLength(words)
  const code = MEMORY_COMMANDS.read32Swap
  out.cmd(address, { code, mode: fromPacket ? '32b' : '40b_BA', count: words - 1, xfer: 0, wait: true, indirect })
}

function writeTarget(cx: EmitContext, insn: number, length: number, words: number): void {
  const { out, program: p } = cx
  const store = p.pairedStore[insn]!
  const target = a(2 * p.dst[store]!)
  const offset = p.off[store]!
  out.because(`write ${length} bytes to the packet`)
  let at = out.rimm(offset, IMM_B)
  const write = (options: Pick<CommandOptions, 'code' | 'count' | 'xfer'> & { indirect?: boolean }): void => {
    out.cmd({ a: target, b: at }, { mode: '32b', wait: true, ...options })
  }
  const { write8Swap, write32Swap } = MEMORY_COMMANDS
  const whole = length % 4 === 0
  if (length <= DIRECT_BYTES) {
    write({ code: write8Swap, count: length - 1, xfer: 0 })
  } else if (length <= DIRECT_WORD_BYTES && whole) {
    write({ code: write32Swap, count: words - 1, xfer: 0 })
  } else if (length <= DIRECT_WORD_BYTES) {
    out.overrideLength(length)
    write({ code: write8Swap, count: length - 1, xfer: 0, indirect: true })
  } else if (whole) {
    out.overrideLength(words)
    write({ code: write32Swap, count: words - 1, xfer: 0, indirect: true })
  } else if (length <= DIRECT_WORD_BYTES + DIRECT_BYTES) {
    write({ code: write32Swap, count: 7, xfer: 0 })
    out.because('the bytes left over')
    at = out.rimm(offset + DIRECT_WORD_BYTES, IMM_B)
    write({ code: write8Swap, count: length - DIRECT_WORD_BYTES - 1, xfer: 8 })
  } else {
    out.overrideLength(words - 1)
    write({ code: write32Swap, count: words - 2, xfer: 0, indirect: true })
    out.because('the bytes left over')
    at = out.rimm((offset + (words - 1) * 4) & 0xff, IMM_B)
    write({ code: write8Swap, count: (length % 4) - 1, xfer: words - 1 })
  }
}

/** The register the pairs went through; it does not always get what the last load would have read (quirk Q5). */
function reload(cx: EmitContext, insn: number, length: number, words: number): void {
  const { out, program: p } = cx
  const d = dstGpr(cx, insn)
  const size = accessSize(p.code[insn]!)
  const descending = p.copyLength[insn]! < 0
  const from = descending ? 0 : words - (size === 8 ? 2 : 1)
  const rest = length % 4
  out.because(`r${p.dst[insn]} as after the last load`)
  if (size === 1) out.takeBytes(ab(d), x(from), 1, rest === 0 ? 3 : rest - 1)
  else if (size === 2) out.takeBytes(ab(d), x(from), 2, rest ^ 2)
  else if (size === 4) out.mov(ab(d), x(0))
  else {
    out.mov(ab(d), x(from))
    out.mov(ab(d + 1), x(from + 1))
  }
  if (size < 8) out.clearHigh(d)
}
