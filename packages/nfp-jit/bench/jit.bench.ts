/**
 * Translation times: the median over the recorded programs, a program of 100 instructions, and the largest one.
 * Without the vectors the worked examples take their place.
 */
import { jsonlFiles, readJsonl, vectorsDir } from '../../tooling/vectors'
import { ProgramInfo } from '../src/program-info'
import { FIRMWARE_PROFILES } from '../src/profiles'
import { translate } from '../src/translate'
import { bytesOfHex, recordedProgram } from '../testdata/recorded-inputs'
import type { JitVector } from '../testdata/recorded-inputs'

const firmware = FIRMWARE_PROFILES.full
const options = (vector: Pick<JitVector, 'prog_type'>) => ({ progType: vector.prog_type, firmware }) as const

function milliseconds(program: ProgramInfo, vector: Pick<JitVector, 'prog_type'>): number {
  const copy = program.clone()
  const start = performance.now()
  translate(copy, options(vector))
  return performance.now() - start
}

const dir = vectorsDir('nfp-jit')
const files = dir === undefined ? [] : jsonlFiles(dir).filter((file) => !file.includes('disasm_words'))
const accepted = files.flatMap((file) => readJsonl<JitVector>(file)).filter(({ verdict }) => verdict === 'ok')
const inputs = accepted.map((vector) => ({ vector, program: recordedProgram(vector) }))

if (inputs.length > 0) {
  for (const { program, vector } of inputs) milliseconds(program, vector)
  const times = inputs.map(({ program, vector }) => milliseconds(program, vector)).sort((left, right) => left - right)
  const median = times[Math.floor(times.length / 2)]!
  console.log(
    `translate: median ${median.toFixed(3)} ms, slowest ${times.at(-1)!.toFixed(3)} ms, of ${times.length} recorded programs`,
  )
}

/** `count` 64-bit additions of a large constant: four words each. */
function additions(count: number): ProgramInfo {
  const program = new ProgramInfo(bytesOfHex(`${'0701000078563412'.repeat(count)}b7000000020000009500000000000000`))
  program.setSubprograms([0])
  return program
}

/** Median and slowest of 200 translations, after 20 that nobody counts. */
function report(what: string, program: ProgramInfo, vector: Pick<JitVector, 'prog_type'>): void {
  for (let round = 0; round < 20; round++) milliseconds(program, vector)
  const times = Array.from({ length: 200 }, () => milliseconds(program, vector)).sort((left, right) => left - right)
  console.log(`${what}: median ${times[100]!.toFixed(3)} ms, slowest ${times.at(-1)!.toFixed(3)} ms`)
}

report('100 instructions', additions(98), { prog_type: 'xdp' })
report('2,500 words', additions(620), { prog_type: 'xdp' })
const largest = inputs.toSorted((left, right) => right.vector.nfp!.length - left.vector.nfp!.length)[0]
if (largest) report(`largest recorded program (${largest.vector.nfp!.length} words)`, largest.program, largest.vector)
