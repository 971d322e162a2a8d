/** How long a text of 4,096 lines takes to assemble, and a program of as many instructions to print. */
import { assemble, disassemble } from '@offload/bpf'

const BODY = [
  'r2 = *(u32 *)(r1 + 4)          ; data_end',
  'if r2 > r3 goto out',
  '*(u64 *)(r10 - 8) = r2',
  'r1 = counts ll',
  'w4 s>>= 3',
  'lock *(u64 *)(r0 + 8) += r1',
  'call bpf_map_lookup_elem',
  'r5 = be16 r5',
]

/** A program of `lines` lines in the LLVM dialect. */
export function sourceOf(lines: number): string {
  const head = ['.map counts array key u32 value u64 max 4', '.prog xdp bench']
  const body = Array.from({ length: lines - head.length - 2 }, (_, i) => `    ${BODY[i % BODY.length]}`)
  return [...head, ...body, 'out:', '    exit', ''].join('\n')
}

function best(rounds: number, run: () => void): number {
  let least = Infinity
  for (let i = 0; i < rounds; i++) {
    const from = performance.now()
    run()
    least = Math.min(least, performance.now() - from)
  }
  return least
}

const source = sourceOf(4096)
const first = performance.now()
const result = assemble(source)
const cold = performance.now() - first
if (!result.ok) throw new Error(JSON.stringify(result.diagnostics[0]))
const mnemonic = disassemble(result.program, { dialect: 'mnemonic' })
console.log(`assemble 4096 lines, first time:      ${cold.toFixed(2)} ms`)
console.log(`assemble 4096 lines, LLVM dialect:    ${best(40, () => assemble(source)).toFixed(2)} ms`)
console.log(`assemble 4096 lines, mnemonics:       ${best(40, () => assemble(mnemonic)).toFixed(2)} ms`)
console.log(
  `print ${result.program.insns.length / 8} slots, LLVM dialect:      ${best(40, () => disassemble(result.program)).toFixed(2)} ms`,
)
