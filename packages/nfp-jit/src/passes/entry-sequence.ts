/**
 * Pass 1, entry sequence: drops `r6 = r1` at the start.
 *
 * May: drop `r6 = r1` among the first instructions, where only `rX ^= rX` and removed instructions stand before it.
 * Must not: look past the first other instruction.
 * Why: classic BPF converted by the kernel begins so, and the device never reads the context pointer from a register.
 * The register is then undefined on the device (quirk Q18). Follows nfp-jit.md, section 6.1.
 */
import type { Pass } from './pass'
import { mergeInsn } from './pass'

const XOR_64_REGISTER = 0xaf
const MOV_64_REGISTER = 0xbf

export const entrySequence: Pass = {
  name: 'entry-sequence',
  title: 'Entry sequence',
  purpose: 'Drops the copy of the context pointer that converted classic BPF begins with.',
  run(program, notes) {
    for (let i = 0; i < program.length; i++) {
      const code = program.code[i]!
      if (code === XOR_64_REGISTER && program.src[i] === program.dst[i]) continue
      if (code === MOV_64_REGISTER && program.dst[i] === 6 && program.src[i] === 1) {
        mergeInsn(program, notes, i, 'entry-sequence', 'the context pointer is not kept in a register on the card')
        continue
      }
      if (!program.isSkipped(i)) return
    }
  },
}
