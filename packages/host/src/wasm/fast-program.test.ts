/** Translated programs against the interpreter on generated programs, and single properties of the fast tier. */
import { assemble } from '@offload/bpf'
import { createRandom, formatHex, sampleFrame } from '@offload/packet'
import { describe, expect, it } from 'vitest'
import { createHostMap, freeHostMap, mapAttributes } from '../maps/create'
import type { HostMap } from '../maps/map'
import { SlotMap } from '../maps/slot-map'
import { listEntries } from '../testing/recorded-run'
import { randomProgram } from '../testing/random-program'
import type { RandomProgram } from '../testing/random-program'
import { interpret } from '../vm/interpreter'
import { CTX_AT, HEAP_AT } from '../vm/memory'
import { createVm, loadProgram, runPacket, runProgram } from '../vm/run'
import type { RunResult } from '../vm/run'
import type { Vm } from '../vm/vm'
import { fastMachine } from './fast-machine'
import { createFastProgram } from './fast-program'

const SEED = Number(process.env['OFFLOAD_SEED'] ?? 90_210)
const PROGRAMS = Number(process.env['OFFLOAD_PROGRAMS'] ?? 120)
const LIMIT = 3000

const MAPS = [
  { type: 'array', key_size: 4, value_size: 16, max_entries: 4 },
  { type: 'hash', key_size: 4, value_size: 16, max_entries: 3 },
  { type: 'array', key_size: 4, value_size: 24, max_entries: 1 },
  { type: 'prog_array', key_size: 4, value_size: 4, max_entries: 4 },
]

/** A machine with the four maps, the program, and two other programs to tail-call. */
function prepare(programs: readonly RandomProgram[]) {
  const vm = createVm()
  const maps: HostMap[] = MAPS.map((def) => {
    const made = createHostMap(vm, mapAttributes(def))
    if (!made.ok) throw new Error('map')
    return made.map
  })
  const [main, ...others] = programs.map(({ insns, relocs }) => loadProgram(insns, relocs, maps))
  others.forEach((program, index) => (maps[3] as SlotMap).set(Uint8Array.of(index, 0, 0, 0), { value: new Uint8Array(4), program }, 0))
  return { vm, maps, program: main! }
}

/** Everything that can be seen of a run: the result, the maps, and every byte that programs can reach. */
function seen(result: RunResult, vm: Vm, maps: readonly HostMap[]): string {
  let hash = 0x811c9dc5
  const words = new Int32Array(vm.memory.bytes.buffer, CTX_AT, (HEAP_AT + 0x1000 - CTX_AT) >> 2)
  for (const word of words) hash = Math.imul(hash ^ word, 0x01000193)
  return JSON.stringify({ ...result, data: formatHex(result.data), redirect: undefined, hash, maps: maps.slice(0, 3).map(listEntries) })
}

describe(`generated programs (seed ${SEED})`, () => {
  for (const context of ['xdp', 'skb'] as const) {
    it(`run as in the interpreter: result, bytes, maps, count, fault (${context})`, () => {
      const random = createRandom(SEED + (context === 'xdp' ? 0 : 1))
      const type = context === 'xdp' ? 'xdp' : 'sched_cls'
      const kinds = new Map<string, number>()
      let translated = 0
      for (let round = 0; round < PROGRAMS; round++) {
        const programs = Array.from({ length: 3 }, () => randomProgram(random, context, round % 4 === 0 ? 60 : 0))
        const plain = prepare(programs)
        const fast = prepare(programs)
        const machine = fastMachine(fast.vm)!
        const code = machine.codeOf(fast.program, context, round % 3 === 0)
        if (code) translated++
        for (let run = 0; run < 3; run++) {
          const packet = sampleFrame().slice(0, 40 + random.below(24))
          const limit = run === 0 ? LIMIT : random.below(run === 1 ? 60 : 600)
          const wanted = runPacket(plain.vm, type, packet, { limit }, () => interpret(plain.vm, plain.program))
          const got = runPacket(fast.vm, type, packet, { limit }, () => (code ? machine.run(code) : interpret(fast.vm, fast.program)))
          expect(seen(got, fast.vm, fast.maps), `program ${round}, run ${run}, limit ${limit}`).toBe(seen(wanted, plain.vm, plain.maps))
          const kind = wanted.errno ? 'refused' : (wanted.fault?.kind ?? 'exit')
          kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
        }
      }
      console.log(`${context}: ${translated} of ${PROGRAMS} generated programs translated; ends: ${[...kinds].map(([kind, count]) => `${kind} ${count}`).join(', ')}`)
      expect(translated).toBeGreaterThan(PROGRAMS * 0.8)
      for (const kind of ['exit', 'memory', 'limit', 'helper']) expect(kinds.get(kind) ?? 0, kind).toBeGreaterThan(PROGRAMS / 100)
    })
  }
})
