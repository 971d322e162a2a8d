/**
 * Atomic addition to a map value. Follows nfp-jit.md, section 14.
 *
 * Addends of up to 16 bits go with the command (fast, no wait); larger ones need transfer registers. Where both were
 * seen, both forms are emitted behind a test. Which were seen depends on the paths walked (quirk Q19).
 */
import { MEMORY_COMMANDS, NONE, shiftLeft } from '@offload/nfp'
import type { Operand } from '@offload/nfp'
import { EOPNOTSUPP } from '../errno'
import { accessSize } from '../opcodes'
import { ADDEND_MAYBE_16_BIT, ADDEND_OVER_16_BIT, PTR_MAP_VALUE } from '../program-info'
import { dstGpr, srcGpr } from './context'
import type { EmitContext, EmitRoutine } from './context'
import { a, b, IMM_A, IMM_B, IMMA_A, IMMA_B, num, x } from './registers'
import { TranslateError } from './translate-error'

/** Override words of the immediate form: the 16-bit operand comes from bits 31..16, and its width. */
const OVERRIDE_ADD_32 = 0x890
const OVERRIDE_ADD_64 = 0xc90
/** Bit of the count field that makes an addition 64 bits wide. */
const COUNT_64 = 4

export const atomicAdd: EmitRoutine = (cx, insn) => {
  const { out, program: p } = cx
  if (p.imm[insn] !== 0 || p.ptrType[insn] !== PTR_MAP_VALUE) throw new TranslateError(EOPNOTSUPP)
  const [d, s] = [dstGpr(cx, insn), srcGpr(cx, insn)]
  const wide = accessSize(p.code[insn]!) === 8
  const over = (p.addend[insn]! & ADDEND_OVER_16_BIT) !== 0
  const small = (p.addend[insn]! & ADDEND_MAYBE_16_BIT) !== 0
  const displaced = p.off[insn] !== 0

  out.because('offset in the map value')
  const offset = out.uimm(p.off[insn]!, IMM_B)
  const start = out.here
  const full = start + (displaced ? 2 : 0) + (small ? 3 : 0) + (small && over ? 5 : 0)
  const end = full + (over ? (wide ? 3 : 2) : 0)

  if (small && over) {
    out.because('does the addend fit into 16 bits?')
    out.immed(IMM_A, 0xffff)
    out.alu(NONE, IMM_A, '-', b(s))
    out.alu(NONE, num(0), '-carry', b(s + 1))
    out.br('bcc', full, displaced ? 2 : 0)
  }
  let address = { a: a(d), b: b(d + 1) }
  if (displaced) {
    out.because('address of the word in the map value')
    out.alu(IMMA_A, a(d), '+', offset)
    out.alu(IMMA_B, a(d + 1), '+carry', num(0))
    address = { a: IMMA_A, b: IMMA_B }
  }
  if (small) {
    addImmediate(cx, address, s, wide)
    if (over) out.br('br', end)
  }
  if (over) addRegister(cx, address, s, wide)
}

interface Address {
  readonly a: Operand
  readonly b: Operand
}

function addImmediate({ out }: EmitContext, address: Address, s: number, wide: boolean): void {
  out.because('add: 16-bit addend in the command itself')
  out.imm32(IMM_A, wide ? OVERRIDE_ADD_64 : OVERRIDE_ADD_32)
  out.ldf(IMM_A, 0b1100, b(s), shiftLeft(16))
  const code = MEMORY_COMMANDS.addImm
  out.cmd(address, { code, mode: '40b_BA', count: 0, xfer: 0, wait: false, indirect: true })
}

function addRegister({ out }: EmitContext, address: Address, s: number, wide: boolean): void {
  out.because('add: addend through transfer registers, written while the command is under way')
  const code = MEMORY_COMMANDS.add
  out.cmd(address, { code, mode: '40b_BA', count: wide ? COUNT_64 : 0, xfer: 0, wait: wide ? 2 : 1 })
  out.mov(x(0), a(s))
  if (wide) out.mov(x(1), a(s + 1))
}
