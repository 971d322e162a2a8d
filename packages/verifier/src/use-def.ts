/** Which registers an instruction reads and writes, for people and for following a value back. Not liveness (cfg.ts). */
import type { ProgType } from '@offload/bpf'
import { definesAndUses } from './cfg'
import { helperFor } from './helper-table'
import { Insns } from './insns'

export interface UseDef {
  /** Bit sets over r0 to r10. */
  readonly reads: number
  readonly writes: number
}

/** A question to a program: what instruction `insn` (slot number) reads and writes. Helpers read as many arguments as they take. */
export function useDefs(insns: Uint8Array, progType: ProgType): (insn: number) => UseDef {
  const decoded = new Insns(insns)
  return (insn) => {
    if (insn < 0 || insn >= decoded.length) return { reads: 0, writes: 0 }
    return useDefOf(decoded, insn, progType)
  }
}

export function useDefOf(insns: Insns, insn: number, progType: ProgType): UseDef {
  const [writes, reads] = definesAndUses(insns, insn, (id) => helperFor(id, progType, true)?.args.length ?? 5)
  return { reads: reads & 0x7ff, writes }
}
