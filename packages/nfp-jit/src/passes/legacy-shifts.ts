/**
 * Pass 4, shift pair after a legacy word load: drops `r0 <<= 32; r0 >>= 32` (in either order).
 *
 * May: drop both shifts by 32 right behind a 4-byte LD_ABS or LD_IND.
 * Must not: drop them if a jump lands on one of the two.
 * Why: the pair clears the upper half, which the load already did. (In the order right, left it would clear the lower
 * half: the driver drops that as well.) Follows nfp-jit.md, section 6.4.
 */
import { accessSize, isLegacyLoad } from '../opcodes'
import { FLAG_JUMP_DST } from '../program-info'
import type { ProgramInfo } from '../program-info'
import type { Pass } from './pass'
import { mergeInsn } from './pass'

const LSH_64_CONSTANT = 0x67
const RSH_64_CONSTANT = 0x77

const isShiftOfR0By32 = (program: ProgramInfo, i: number, code: number): boolean =>
  program.code[i] === code && program.imm[i] === 32 && program.dst[i] === 0 && program.src[i] === 0

export const legacyShifts: Pass = {
  name: 'legacy-shifts',
  title: 'Shift pair after legacy load',
  purpose: 'Drops two shifts by 32 that only clear what the packet load before them left clear.',
  run(program, notes) {
    for (let i = 0; i + 2 < program.length; i++) {
      const [first, second] = [i + 1, i + 2]
      if (!isLegacyLoad(program.code[i]!) || accessSize(program.code[i]!) !== 4) continue
      const leftRight =
        isShiftOfR0By32(program, first, LSH_64_CONSTANT) && isShiftOfR0By32(program, second, RSH_64_CONSTANT)
      const rightLeft =
        isShiftOfR0By32(program, first, RSH_64_CONSTANT) && isShiftOfR0By32(program, second, LSH_64_CONSTANT)
      if (!leftRight && !rightLeft) continue
      if (program.has(first, FLAG_JUMP_DST) || program.has(second, FLAG_JUMP_DST)) continue
      for (const shift of [first, second]) {
        mergeInsn(program, notes, shift, 'legacy-shifts', 'the load before it leaves the upper half clear')
      }
    }
  },
}
