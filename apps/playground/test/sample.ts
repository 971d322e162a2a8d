/** A small compilation made by hand, so that tests of panes depend on no engine. */
import type { Judged } from '../src/stores/verdict'

const insns = Uint8Array.from([
  ...[0xb7, 0x01, 0, 0, 7, 0, 0, 0], // 0: r1 = 7
  ...[0x18, 0x12, 0, 0, 0, 0, 0, 0], // 1: r2 = m ll
  ...[0, 0, 0, 0, 0, 0, 0, 0], // 2: its second half
  ...[0x15, 0x01, 1, 0, 7, 0, 0, 0], // 3: if r1 == 7 goto +1
  ...[0xb7, 0x00, 0, 0, 1, 0, 0, 0], // 4: r0 = 1
  ...[0x95, 0, 0, 0, 0, 0, 0, 0], // 5: exit
])

/** Lines: 1 .prog, 2 r1 = 7, 3 r2 = m ll, 4 if, 5 r0 = 1, 6 out:, 7 exit. Words 0–1 entry, 2 insn 0, 3–5 insn 1, insn 3 none. */
export function sample(
  source = '.prog xdp p\n r1 = 7\n r2 = m ll\n if r1 == 7 goto out\n r0 = 1\nout:\n exit\n',
): Judged {
  const insnWords = Int32Array.from([2, 3, 3, 6, 6, 6, 6, 6, 6, 8, 8, 9])
  const owners = [-1, -1, 0, 1, 1, 1, 4, 4, 5]
  return {
    source,
    edits: 0,
    ms: 1,
    compilation: {
      ok: true,
      diagnostics: [],
      program: {
        name: 'p',
        progType: 'xdp',
        license: 'GPL',
        insns,
        maps: [],
        relocs: [],
        subprograms: [{ name: 'p', start: 0 }],
        labels: [{ name: 'out', insn: 5 }],
        lines: Int32Array.from([2, 3, 3, 4, 5, 7]),
      },
      image: {
        words: new Uint32Array(18),
        insnWords,
        origins: owners.map((insn) => ({ insn, reason: 'because' })),
        notes: [{ insn: 3, kind: 'removed', pass: 'branch', reason: 'always taken' }],
        targets: { out: 0, abort: 0, pushRegs: 0, popRegs: 0 },
        stackSize: 0,
        subprograms: [],
        maxPktOffset: 0,
      },
    },
  }
}
