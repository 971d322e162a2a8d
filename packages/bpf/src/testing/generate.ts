/** Makes random programs for property tests: any mix of instructions, maps, labels and subprograms. */

import { writeImm, writeInsn } from '../insn'
import { LD_IMM64, OP_CALL } from '../opcodes'
import type { DataType, Label, MapDef, MapReloc, Program, Subprogram } from '../program'
import { type CompiledForm, COMPILED_FORMS } from '../template'
import { layoutStruct } from '../assembler/types'
import type { Random } from './random'

const IMMEDIATES = [0, 1, -1, 2, 8, 64, 255, 0x7fff, -0x8000, 65535, 0x7fffffff, -0x80000000, 305419896]

function randomImm(random: Random): number {
  return random.chance(2) ? random.pick(IMMEDIATES) : random.u32() | 0
}

function randomOff(random: Random): number {
  return random.chance(2) ? random.pick([0, 1, -1, 4, -8, 0x7fff, -0x8000]) : (random.u32() << 16) >> 16
}

/** Writes one instruction of a form at `slot`, with random operands; gives the number of slots. */
export function randomInsn(random: Random, compiled: CompiledForm, insns: Uint8Array, slot: number): number {
  const { fixed, opcode } = compiled.form
  const dst = compiled.usesDst ? random.below(11) : 0
  const src = compiled.usesSrc ? random.below(11) : (fixed.src ?? 0)
  const off = compiled.usesOff ? randomOff(random) : (fixed.off ?? 0)
  const imm = compiled.usesImm ? randomImm(random) : (fixed.imm ?? 0)
  writeInsn(insns, slot, opcode, dst, src, off, imm)
  if (opcode !== LD_IMM64) return 1
  writeInsn(insns, slot + 1, 0, 0, 0, 0, compiled.usesNext ? randomImm(random) : 0)
  return 2
}

/** A program of about `size` slots. One instruction in `rawOneIn` is eight random bytes (0: none). */
export function randomProgram(random: Random, size: number, rawOneIn = 12): Program {
  const insns = new Uint8Array((size + 2) * 8)
  const maps = Array.from({ length: random.below(4) }, (_, i) => randomMap(random, i))
  const relocs: MapReloc[] = []
  const starts: number[] = []
  const calls: number[] = []
  let slot = 0
  while (slot < size) {
    if (starts.at(-1) !== slot) starts.push(slot)
    if (rawOneIn > 0 && random.chance(rawOneIn)) {
      for (let i = 0; i < 8; i++) insns[slot * 8 + i] = random.below(256)
      // Never the first half of a wide load: what follows would become its second half. Nor a call, which would make a subprogram.
      if (insns[slot * 8] === LD_IMM64 || insns[slot * 8] === OP_CALL) insns[slot * 8] = 0xff
      slot++
      continue
    }
    const compiled = random.pick(COMPILED_FORMS)
    if (compiled.form.reloc === true) {
      if (maps.length === 0) continue
      relocs.push({ insn: slot, map: random.below(maps.length) })
    }
    if (compiled.form.name === 'call_local' || compiled.form.name === 'ld_func') calls.push(slot)
    slot += randomInsn(random, compiled, insns, slot)
  }
  const labels: Label[] = []
  for (const start of starts)
    if (random.chance(6)) labels.push({ name: `${random.pick(['L', '.LBB', 'out_', 'a.b$'])}${start}`, insn: start })
  const subprograms: Subprogram[] = [{ name: 'prog', start: 0 }]
  for (const start of starts) if (start > 0 && random.chance(20)) subprograms.push({ name: `fn${start}`, start })
  for (const call of calls) {
    const target = random.pick(subprograms).start
    writeImm(insns, call, target > 0 ? target - call - 1 : 0x7000000)
  }
  return {
    name: 'prog',
    progType: random.pick(['xdp', 'sched_cls', 'socket_filter', 'cgroup_skb', 'sched_act'] as const),
    license: random.pick(['GPL', 'Dual BSD/GPL', '']),
    insns: insns.slice(0, slot * 8),
    maps,
    relocs,
    subprograms,
    labels,
    lines: new Int32Array(slot),
  }
}

function randomMap(random: Random, index: number): MapDef {
  const key: DataType = { kind: 'int', size: 4, signed: false }
  const value = randomType(random, 2, `s${index}`)
  const typed = !random.chance(3)
  return {
    ...(random.chance(8)
      ? {}
      : {
          name:
            random.pick(['counts', 'map', 'func', 'r1', 'be16', 'two words']) + (random.chance(2) ? String(index) : ''),
        }),
    type: random.pick(['array', 'hash', 'lru_hash', 'perf_event_array']),
    key_size: 4,
    value_size: typed ? sizeOfType(value) : random.below(64) + 1,
    max_entries: random.below(5000) + 1,
    map_flags: random.pick([0, 1, 0x80]),
    ...(typed ? { key, value } : {}),
  }
}

/** A random type; its structs are called after `name`. */
export function randomType(random: Random, depth: number, name: string): DataType {
  const kind = depth === 0 ? 0 : random.below(4)
  if (kind === 1) return { kind: 'array', of: randomType(random, depth - 1, `${name}a`), count: random.below(5) + 1 }
  if (kind === 2)
    return random.pick<DataType>([
      { kind: 'array', of: { kind: 'int', size: 1, signed: false }, count: 6, format: 'mac' },
      { kind: 'array', of: { kind: 'int', size: 1, signed: false }, count: 16, format: 'ipv6' },
    ])
  if (kind === 3) {
    const drafts = Array.from({ length: random.below(4) + 1 }, (_, i) => ({
      name: `f${i}`,
      type: randomType(random, depth - 1, `${name}_${i}`),
    }))
    return layoutStruct(name, drafts)!
  }
  const size = random.pick([1, 2, 4, 8] as const)
  const bigEndian = size > 1 && random.chance(3)
  const signed = !bigEndian && random.chance(3)
  return {
    kind: 'int',
    size,
    signed,
    ...(bigEndian ? { bigEndian } : {}),
    ...(random.chance(4) ? { format: random.pick(['hex', 'dec'] as const) } : {}),
  }
}

function sizeOfType(type: DataType): number {
  return type.kind === 'array' ? type.count * sizeOfType(type.of) : type.size
}
