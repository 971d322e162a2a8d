/**
 * Pass 3, mask after a legacy load: drops `r0 &= 0xff` (0xffff, −1) behind a load of that size.
 *
 * May: drop the mask right behind LD_ABS or LD_IND if it keeps exactly the bytes loaded.
 * Must not: drop a mask that a jump lands on.
 * Why: the load already clears the other bytes; converted classic BPF masks all the same. Follows nfp-jit.md, 6.3.
 */
import { accessSize, isLegacyLoad } from '../opcodes'
import { FLAG_JUMP_DST } from '../program-info'
import type { Pass } from './pass'
import { mergeInsn } from './pass'

const AND_64_CONSTANT = 0x57
const MASK_OF_SIZE: Readonly<Record<number, number>> = { 1: 0xff, 2: 0xffff, 4: -1 }

export const legacyMask: Pass = {
  name: 'legacy-mask',
  title: 'Mask after legacy load',
  purpose: 'Drops a mask that keeps exactly the bytes the packet load before it delivered.',
  run(program, notes) {
    for (let i = 0; i + 1 < program.length; i++) {
      const mask = i + 1
      if (!isLegacyLoad(program.code[i]!) || program.code[mask] !== AND_64_CONSTANT) continue
      if (program.dst[mask] !== 0 || program.src[mask] !== 0) continue
      if (program.imm[mask] !== MASK_OF_SIZE[accessSize(program.code[i]!)]) continue
      if (program.has(mask, FLAG_JUMP_DST)) continue
      mergeInsn(program, notes, mask, 'legacy-mask', 'the load before it already clears these bits')
    }
  },
}
