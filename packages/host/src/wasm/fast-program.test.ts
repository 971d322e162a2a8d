/** Translated programs against the interpreter on generated programs, and single properties of the fast tier. */
import { assemble } from '@offload/bpf'
import { createRandom, formatHex, sampleFrame } from '@offload/packet'
import { describe, expect, it } from 'vitest'
import { createHostMap, mapAttributes } from '../maps/create'
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
const PROGRAMS = Number(process.env['OFFLOAD_PROGRAMS'] ?? 80)
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
  others.forEach((program, index) =>
    (maps[3] as SlotMap).set(Uint8Array.of(index, 0, 0, 0), { value: new Uint8Array(4), program }, 0),
  )
  return { vm, maps, program: main! }
}

/** Everything that can be seen of a run: the result, the maps, and every byte that programs can reach. */
function seen(result: RunResult, vm: Vm, maps: readonly HostMap[]): string {
  let hash = 0x811c9dc5
  const words = new Int32Array(vm.memory.bytes.buffer, CTX_AT, (HEAP_AT + 0x1000 - CTX_AT) >> 2)
  for (const word of words) hash = Math.imul(hash ^ word, 0x01000193)
  return JSON.stringify({
    ...result,
    data: formatHex(result.data),
    redirect: undefined,
    hash,
    maps: maps.slice(0, 3).map(listEntries),
  })
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
          const got = runPacket(fast.vm, type, packet, { limit }, () =>
            code ? machine.run(code) : interpret(fast.vm, fast.program),
          )
          expect(seen(got, fast.vm, fast.maps), `program ${round}, run ${run}, limit ${limit}`).toBe(
            seen(wanted, plain.vm, plain.maps),
          )
          const kind = wanted.errno ? 'refused' : (wanted.fault?.kind ?? 'exit')
          kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
        }
      }
      console.log(
        `${context}: ${translated} of ${PROGRAMS} generated programs translated; ends: ${[...kinds].map(([kind, count]) => `${kind} ${count}`).join(', ')}`,
      )
      expect(translated).toBeGreaterThan(PROGRAMS * 0.8)
      for (const kind of ['exit', 'memory', 'limit']) expect(kinds.get(kind) ?? 0, kind).toBeGreaterThan(PROGRAMS / 100)
    })
  }
})

/** A machine with the program of the text and its maps. */
function load(text: string) {
  const result = assemble(text)
  if (!result.ok) throw new Error(JSON.stringify(result.diagnostics))
  const vm = createVm()
  const maps = result.program.maps.map((def) => {
    const made = createHostMap(vm, mapAttributes(def))
    if (!made.ok) throw new Error('map')
    return made.map
  })
  return { vm, maps, program: loadProgram(result.program.insns, result.program.relocs, maps) }
}

/** The text's program in both ways: runs a packet in each, and gives the fast result after they were found equal. */
function pair(text: string): (limit: number) => RunResult {
  const plain = load(text)
  const fast = load(text)
  const program = createFastProgram(fast.vm, fast.program, 'xdp')
  expect(program.translated).toBe(true)
  return (limit) => {
    const wanted = runProgram(plain.vm, plain.program, 'xdp', sampleFrame(), { limit })
    const got = program.run(sampleFrame(), { limit })
    expect(seen(got, fast.vm, fast.maps)).toBe(seen(wanted, plain.vm, plain.maps))
    return got
  }
}

function both(text: string, limit = 1_000_000): RunResult {
  return pair(text)(limit)
}

describe('a translated program', () => {
  it('goes on when a helper makes the memory grow under it', () => {
    const grown = load(`
.map big hash key 4 value 256 max 4000
.prog xdp main
  r6 = 0
again:
  *(u32 *)(r10 - 4) = r6
  r2 = r10
  r2 += -4
  r1 = big ll
  r3 = r10
  r3 += -256
  r4 = 0
  call bpf_map_update_elem
  r6 += 1
  if r6 != 3000 goto again
  r0 = *(u32 *)(r10 - 4)
  exit
`)
    const length = grown.vm.memory.bytes.length
    const result = createFastProgram(grown.vm, grown.program, 'xdp').run(sampleFrame())
    expect(result).toMatchObject({ retval: 2999, errno: 0 })
    expect(result.fault).toBeUndefined()
    expect(grown.vm.memory.bytes.length).toBeGreaterThan(length)
    expect(grown.maps[0]!.count).toBe(3000)
  })

  it('faults on a region that was given back, even one that it used before', () => {
    const { vm, maps, program } = load(`
.map keep array key 4 value 8 max 1
.map gone hash key 4 value 8 max 8
.prog xdp main
  *(u32 *)(r10 - 4) = 0
  r2 = r10
  r2 += -4
  r1 = gone ll
  call bpf_map_lookup_elem
  if r0 != 0 goto found
  r1 = keep ll
  r2 = r10
  r2 += -4
  call bpf_map_lookup_elem
  r0 = *(u64 *)(r0 + 0)
found:
  r0 = *(u64 *)(r0 + 0)
  exit
`)
    const fast = createFastProgram(vm, program, 'xdp')
    maps[1]!.hostUpdate(new Uint8Array(4), Uint8Array.of(7, 0, 0, 0, 0, 0, 0, 0), 0)
    expect(fast.run(sampleFrame())).toMatchObject({ retval: 7 })
    expect(fast.run(sampleFrame()).fault).toBeUndefined()
    maps[1]!.free()
    expect(fast.run(sampleFrame()).fault?.kind).toBe('memory')
  })

  it('keeps exact counts around the limit in loops, calls and callbacks', () => {
    const text = `
.prog xdp main
  r6 = 5
loop:
  r1 = r6
  call sub
  r7 = r0
  r1 = 3
  r2 = func each ll
  r3 = 0
  r4 = 0
  call bpf_loop
  r6 -= 1
  if r6 != 0 goto loop
  r0 += r7
  exit
.func sub
  r0 = r1
inner:
  r1 -= 1
  r0 += r1
  if r1 s> 0 goto inner
  exit
.func each
  r0 = 0
  r0 += r1
  if r0 s> 100 goto out
  r0 = 0
out:
  exit
`
    const run = pair(text)
    const { instructions } = run(1_000_000)
    expect(instructions).toBeGreaterThan(100)
    for (let limit = 0; limit <= instructions + 1; limit++) {
      const result = run(limit)
      expect(result.fault?.kind).toBe(limit < instructions ? 'limit' : undefined)
      expect(result.instructions).toBe(Math.min(limit, instructions))
    }
  })

  it('may have a limit that no 32-bit number holds', () => {
    expect(both('.prog xdp main\nr0 = 2\nexit\n', 2 ** 40)).toMatchObject({ retval: 2, instructions: 2 })
  })

  it('compares and exchanges half a register only where the size says so', () => {
    for (const exchange of ['w0 = cmpxchg32_32(r10 - 8, w0, w2)', 'r0 = cmpxchg_64(r10 - 8, r0, r2)']) {
      for (const high of ['0', '1']) {
        const text = `
.prog xdp main
  r6 = 7
  *(u64 *)(r10 - 8) = r6
  r0 = ${high}
  r0 <<= 32
  r0 |= 7
  r2 = 9
  ${exchange}
  r3 = *(u64 *)(r10 - 8)
  r3 <<= 8
  r0 += r3
  exit
`
        // The old value, and 9 above it where the exchange took place.
        expect(both(text).retval, `${exchange}, upper half ${high}`).toBe(
          7 + 256 * (exchange.startsWith('w') || high === '0' ? 9 : 7),
        )
      }
    }
  })

  it('enters loops from two sides', () => {
    const text = `
.prog xdp main
  r0 = 0
  r2 = *(u32 *)(r1 + 12)
  if r2 == 1 goto second
first:
  r0 += 1
second:
  r0 += 10
  if r0 < 100 goto first
  exit
`
    expect(both(text)).toMatchObject({ retval: 109 })
  })

  it('may have more blocks than are nested', () => {
    const lines = Array.from(
      { length: 1500 },
      (_, i) => `l${i}:\n  r0 += ${i}\n  if r0 == ${i * 7 + 1} goto l${Math.min(1499, i + 3)}`,
    )
    both(`.prog xdp main\n  r0 = 0\n${lines.join('\n')}\n  exit\n`)
  })

  it('gives deeper frames their own stacks, and no more than eight', () => {
    const text = `
.prog xdp main
  r1 = 0
  call deeper
  exit
.func deeper
  r6 = r1
  *(u64 *)(r10 - 8) = r6
  r1 += 1
  r0 = 0
  if r1 == 7 goto out
  call deeper
out:
  r2 = *(u64 *)(r10 - 8)
  r0 += r2
  exit
`
    expect(both(text)).toMatchObject({ retval: 21 })
    expect(both(text.replace('r1 == 7', 'r1 == 8')).fault?.kind).toBe('stack')
  })

  it('finds the stacks of its callees empty again in the next run', () => {
    const run = pair(`
.prog xdp main
  call sub
  exit
.func sub
  r0 = *(u64 *)(r10 - 16)
  *(u64 *)(r10 - 16) = 5
  exit
`)
    for (let i = 0; i < 3; i++) expect(run(1000)).toMatchObject({ retval: 0 })
  })

  it('hands all registers on in a tail call', () => {
    const call =
      '.map next prog_array key 4 value 4 max 1\n.prog xdp main\n  r6 = 9\n  r2 = next ll\n  r3 = 0\n  call bpf_tail_call\n  r0 = 1\n  exit\n'
    // A verifier would not pass the second: it reads what its caller left.
    for (const [text, retval] of [
      ['.prog xdp a\n  r6 = 4\n  r0 = r6\n  exit\n', 4],
      ['.prog xdp a\n  r0 = r6\n  exit\n', 9],
    ] as const) {
      const { vm, maps, program } = load(call)
      const next = assemble(text)
      if (!next.ok) throw new Error('program')
      ;(maps[0] as SlotMap).set(
        new Uint8Array(4),
        { value: new Uint8Array(4), program: loadProgram(next.program.insns, [], []) },
        0,
      )
      expect(createFastProgram(vm, program, 'xdp').run(sampleFrame())).toMatchObject({
        retval,
        instructions: retval === 4 ? 7 : 6,
      })
    }
  })

  it('that breaks the calling convention is left to the interpreter', () => {
    const { vm, program } = load(
      '.prog xdp main\n  r6 = 4\n  r1 = 0\n  call sub\n  exit\n.func sub\n  r0 = r6\n  exit\n',
    )
    const fast = createFastProgram(vm, program, 'xdp')
    expect(fast.translated).toBe(false)
    expect(fast.run(sampleFrame())).toMatchObject({ retval: 4 })
  })
})
