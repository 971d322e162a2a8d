/** Translated programs against the kernel's recorded runs and against the interpreter, their oracle, to the last count and fault. */
import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { createRandom, formatHex, parseHex } from '@offload/packet'
import { describe, expect, it } from 'vitest'
import { jsonlFiles, readJsonl, vectorsDir } from '../../../tooling/vectors'
import { parseConformance } from '../testing/conformance-file'
import { listEntries, prepareRun } from '../testing/recorded-run'
import type { PreparedRun, RunVector } from '../testing/recorded-run'
import { interpret } from '../vm/interpreter'
import { runConformance, runPacket } from '../vm/run'
import type { RunResult } from '../vm/run'
import { fastMachine } from './fast-machine'

const SEED = 20_419
/** Limited runs a vector, and which vectors also go through the dispatch loop. */
const LIMITS = Number(process.env['OFFLOAD_LIMITS'] ?? 1)
const EVERY = 12

/** Runs packets in a translated program; `dispatch` for the other shape of control flow. */
function fastRunner({ vm, program }: PreparedRun, progType: RunVector['prog_type'], dispatch: boolean) {
  const machine = fastMachine(vm)!
  const code = machine.codeOf(program, progType === 'xdp' ? 'xdp' : 'skb', dispatch)
  return (
    code &&
    ((packet: Uint8Array, limit?: number) =>
      runPacket(vm, progType, packet, limit === undefined ? {} : { limit }, () => machine.run(code)))
  )
}

function show(result: RunResult): string {
  const { data, redirect, ...rest } = result
  return JSON.stringify({
    ...rest,
    data: formatHex(data),
    redirect: redirect && ('ifindex' in redirect ? redirect : { key: redirect.key }),
  })
}

/** What differs from the kernel's record and from the interpreter; '' when nothing does. */
function compare(vector: RunVector, dispatch: boolean): string {
  const plain = prepareRun(vector)
  const fast = prepareRun(vector)
  const run = fastRunner(fast, vector.prog_type, dispatch)
  if (!run) return 'not translated'
  const random = createRandom(SEED)
  for (const [i, record] of vector.run!.entries()) {
    const packet = parseHex(record.data_in)!
    const wanted = runPacket(plain.vm, vector.prog_type, packet, {}, () => interpret(plain.vm, plain.program))
    const got = run(packet)
    if (show(got) !== show(wanted)) return `run ${i}: ${show(got)}\n    interpreter ${show(wanted)}`
    if (got.errno !== (record.errno ?? 0)) return `run ${i}: errno ${got.errno}, kernel ${record.errno ?? 0}`
    if (record.errno) continue
    if (got.retval !== record.retval) return `run ${i}: retval ${got.retval}, kernel ${record.retval}`
    if (record.data_out !== undefined && formatHex(got.data) !== record.data_out)
      return `run ${i}: bytes differ from the kernel's`
    for (const [m, map] of fast.maps.entries()) {
      const entries = JSON.stringify(listEntries(map))
      const kernel = record.maps_after?.[m]
      if (entries !== JSON.stringify(listEntries(plain.maps[m]!)))
        return `run ${i}: map ${m} differs from the interpreter's`
      if (kernel && entries !== JSON.stringify(kernel)) return `run ${i}: map ${m} differs from the kernel's`
    }
  }
  // The same with limits that end the run somewhere in the middle.
  const packet = parseHex(vector.run![0]!.data_in)!
  for (let round = 0; round < LIMITS; round++) {
    const whole = runPacket(plain.vm, vector.prog_type, packet, {}, () =>
      interpret(plain.vm, plain.program),
    ).instructions
    run(packet)
    const limit = random.below(whole + 1)
    const wanted = runPacket(plain.vm, vector.prog_type, packet, { limit }, () => interpret(plain.vm, plain.program))
    const got = run(packet, limit)
    if (show(got) !== show(wanted)) return `limit ${limit}: ${show(got)}\n    interpreter ${show(wanted)}`
    for (const [m, map] of fast.maps.entries())
      if (JSON.stringify(listEntries(map)) !== JSON.stringify(listEntries(plain.maps[m]!)))
        return `limit ${limit}: map ${m} differs`
  }
  return ''
}

const dir = vectorsDir('verifier')

describe.skipIf(dir === undefined)(`recorded runs, translated (seed ${SEED})`, () => {
  const vectors =
    dir === undefined
      ? []
      : jsonlFiles(dir)
          .flatMap((file) => readJsonl<RunVector>(file))
          .filter((vector) => vector.run)
  for (const dispatch of [false, true]) {
    it(`give the kernel's and the interpreter's results with ${dispatch ? 'a dispatch loop' : 'nested control flow'}`, () => {
      const chosen = dispatch ? vectors.filter((_, index) => index % EVERY === 0) : vectors
      const bad = chosen
        .map((vector) => `${vector.id}: ${compare(vector, dispatch)}`)
        .filter((text) => !text.endsWith(': '))
      console.log(
        `translated${dispatch ? ', dispatch' : ''}: ${chosen.length - bad.length} of ${chosen.length} recorded runs equal`,
      )
      for (const text of bad.slice(0, 20)) console.log(text)
      expect(bad).toEqual([])
      expect(chosen.length).toBeGreaterThan(100)
    })
  }
})

const suite = vectorsDir('bpf_conformance', 'tests')

describe.skipIf(suite === undefined)('public conformance suite, translated', () => {
  const files = suite === undefined ? [] : readdirSync(suite).filter((name) => name.endsWith('.data'))
  it('gives the stated results, and the memory that the interpreter leaves', () => {
    const bad: string[] = []
    let [run, translated] = [0, 0]
    for (const [index, file] of files.entries()) {
      const test = parseConformance(readFileSync(path.join(suite!, file), 'utf8'))
      if (!test || typeof test.insns === 'string') continue
      run++
      const got = runConformance(test.insns, test.memory, undefined, (vm, program) => {
        const machine = fastMachine(vm)!
        const code = machine.codeOf(program, 'none', index % 2 === 1)
        if (code) translated++
        if (code) machine.run(code)
        else interpret(vm, program)
      })
      const have = got.ok ? (BigInt(got.r0.hi) << 32n) | BigInt(got.r0.lo) : got.error
      if (have !== test.result) bad.push(`${file}: ${String(have)}, stated ${test.result}`)
      else if (JSON.stringify(got) !== JSON.stringify(runConformance(test.insns, test.memory)))
        bad.push(`${file}: not the interpreter's memory`)
    }
    console.log(`conformance, translated: ${run - bad.length} of ${run}, ${translated} of them in WebAssembly`)
    expect(bad).toEqual([])
    expect(translated).toBeGreaterThan(280)
  })
})
