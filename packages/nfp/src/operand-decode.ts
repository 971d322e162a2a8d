/**
 * Operand codes back into operands (4-context numbering). Follows nfp-isa.md, section 4.
 *
 * An undefined code becomes `{ kind: 'invalid', code }`, which an emulator should trap and the printer shows as such.
 */
import type { Bank, Operand, Step } from './registers'

/** An operand of a decoded word. */
export type DecodedOperand = Operand | { readonly kind: 'invalid'; readonly code: number }

// Code 3 prints as the plain form.
const indexStep = (bits: number): Step => (bits === 1 ? '++' : bits === 2 ? '--' : '')

/** A 10-bit source code read through the side of `bank`; `lmExtension` selects LM pointers 2 and 3. */
export function decodeUnrestricted(code: number, bank: Bank, lmExtension: boolean): DecodedOperand {
  if (code >= 0x300) return { kind: 'imm', value: code & 0xff }
  if (code < 0x040) return { kind: 'gpr', bank, index: code & 31 }
  if (code < 0x080) return { kind: 'invalid', code }
  if (code < 0x100) return { kind: 'absolute', bank, index: code & 0x7f }
  if (code < 0x180) return { kind: 'xfer-index', step: indexStep((code >> 1) & 3) }
  if (code < 0x200) return { kind: 'xfer', index: (code & 31) | ((code & 0x40) >> 1) }
  if (code < 0x240) {
    const pointer = ((code >> 5) & 1) | (lmExtension ? 2 : 0)
    if (code & 0x10) return { kind: 'lm', pointer, offset: 0, step: code & 1 ? '--' : '++' }
    return { kind: 'lm', pointer, offset: code & 15, step: '' }
  }
  if (code < 0x280) return { kind: 'neighbour-index', step: code & 2 ? '++' : '' }
  if (code < 0x2c0) return { kind: 'neighbour', index: code & 31 }
  return { kind: 'invalid', code }
}

/** A 10-bit destination code; immediates mean no destination. */
export function decodeUnrestrictedDestination(code: number, bank: Bank, lmExtension: boolean): DecodedOperand {
  return asDestination(decodeUnrestricted(code, bank, lmExtension))
}

/** An 8-bit source code; `i8` is bit 7 of an immediate. */
export function decodeRestricted(code: number, bank: Bank, lmExtension: boolean, i8: number): DecodedOperand {
  if (code & 0x20) return { kind: 'imm', value: (i8 << 7) | ((code >> 1) & 0x60) | (code & 31) }
  switch (code >> 6) {
    case 0:
      return { kind: 'gpr', bank, index: code & 31 }
    case 2:
      return { kind: 'xfer', index: code & 31 }
    case 3:
      return { kind: 'xfer', index: (code & 31) | 32 }
  }
  if (code & 0x10) {
    const pointer = ((code >> 3) & 1) | (lmExtension ? 2 : 0)
    return { kind: 'lm', pointer, offset: code & 7, step: '' }
  }
  if (code & 1) return { kind: 'neighbour-index', step: code & 2 ? '++' : '' }
  return { kind: 'xfer-index', step: indexStep((code >> 1) & 3) }
}

/** An 8-bit destination code; immediates mean no destination. */
export function decodeRestrictedDestination(code: number, bank: Bank, lmExtension: boolean): DecodedOperand {
  return asDestination(decodeRestricted(code, bank, lmExtension, 0))
}

const asDestination = (operand: DecodedOperand): DecodedOperand => (operand.kind === 'imm' ? { kind: 'none' } : operand)
