/**
 * Generated programs, printed and assembled again in both dialects: every byte, map, relocation, label and
 * subprogram must come back. `ROUNDTRIP_ROUNDS` and `ROUNDTRIP_SEED` set how many and which; both are printed.
 */
import { assemble, type Dialect, disassemble, type Program, toHex } from '@offload/bpf'
import { randomProgram } from '../src/testing/generate'
import { Random } from '../src/testing/random'

const rounds = Number(process.env['ROUNDTRIP_ROUNDS'] ?? 2000)
const seed = Number(process.env['ROUNDTRIP_SEED'] ?? 1)

function key({ insns, maps, relocs, subprograms, labels, name, progType, license }: Program): string {
  return JSON.stringify([toHex(insns), maps, relocs, subprograms, labels, name, progType, license])
}

for (const dialect of ['llvm', 'mnemonic'] satisfies Dialect[]) {
  const random = new Random(seed)
  const from = performance.now()
  let slots = 0
  for (let round = 0; round < rounds; round++) {
    const program = randomProgram(random, 1 + random.below(60))
    const again = assemble(disassemble(program, { dialect }), { dialect })
    if (!again.ok) throw new Error(`seed ${seed}, round ${round}: ${JSON.stringify(again.diagnostics[0])}`)
    // The order of fields in types is the same, as both are written from the same declaration.
    if (key(again.program) !== key(program))
      throw new Error(`seed ${seed}, round ${round}: another program came back\n${key(program)}\n${key(again.program)}`)
    slots += program.insns.length / 8
  }
  const seconds = (performance.now() - from) / 1000
  console.log(`${rounds} programs (${slots} slots), ${dialect}, seed ${seed}: all came back, ${seconds.toFixed(1)} s`)
}
