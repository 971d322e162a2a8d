/**
 * A JIT vector turned into the translator's input, without a verifier: what the driver had collected is taken from the
 * vector, so that the translator can be tested alone (README of the vectors, "Testing the translator in isolation").
 *
 * Two things are not recorded. Packet pointer ids: the results of copy gathering and packet cache are taken instead,
 * and those two passes do not run. Helper arguments: followed along the program text by `HelperArguments`, which knows
 * constants, r10 and 8-byte spills, and where paths join notes that a number differs.
 */
import {
  ADDEND_MAYBE_16_BIT,
  ADDEND_OVER_16_BIT,
  FLAG_CALLER_FRAME,
  FLAG_SKIP_KERNEL,
  FLAG_SKIP_MERGED,
  FLAG_ZEXT,
  ProgramInfo,
} from '../src/program-info'
import { FIRMWARE_PROFILES } from '../src/profiles'
import { accessSize } from '../src/opcodes'
import { translate } from '../src/translate'
import type { TranslateResult } from '../src/translate'
import type { FirmwareName } from '../src/api'
import type { ProgType } from '@offload/bpf'

export interface JitVector {
  readonly id: string
  readonly group: string
  readonly prog_type: ProgType
  readonly fw: FirmwareName
  readonly maps: readonly VectorMap[]
  readonly relocs: readonly { readonly insn: number; readonly map: number }[]
  readonly insns: readonly string[]
  readonly same_in_6_1: boolean
  readonly verdict: 'ok' | 'driver-reject' | 'kernel-reject'
  readonly stage?: string
  readonly errno?: number
  readonly insn?: number
  readonly error?: string
  readonly nfp?: readonly string[]
  readonly nfp_relocated?: readonly string[]
  readonly stack_size?: number
  readonly subprogs?: readonly { bpf: number; nfp: number; stack_depth: number; reg_push: number }[]
  readonly tgt?: { out: number; abort: number; push_regs: number; pop_regs: number }
  readonly last_bpf_off?: number
  readonly max_pkt_offset?: number
  readonly attach?: string
  readonly adjust_head_location?: number
  readonly insn_off?: readonly number[]
  readonly insn_flags?: readonly number[]
  readonly range?: Readonly<Record<string, readonly [string, string, string, string]>>
  readonly mem?: Readonly<Record<string, RecordedMemory>>
}

interface RecordedMemory {
  readonly t: number
  readonly off: number
  readonly nc?: boolean | number
  readonly gather?: number
  readonly cache?: readonly [number, number, number]
  readonly x16?: readonly [number, number]
}

export interface VectorMap {
  readonly type: string | number
  readonly key_size: number
  readonly value_size: number
  readonly max_entries: number
  readonly id?: number
  readonly init?: string
  readonly flags?: number
  readonly host?: boolean
}

/** Bytes of hex digits. */
export function bytesOfHex(text: string): Uint8Array {
  return Uint8Array.from({ length: text.length / 2 }, (_, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16))
}

/** The program of an accepted vector as the translator gets it. */
export function recordedProgram(vector: JitVector): ProgramInfo {
  const program = new ProgramInfo(bytesOfHex(vector.insns.join('')))
  const kept = FLAG_CALLER_FRAME | FLAG_SKIP_KERNEL | FLAG_ZEXT
  vector.insn_flags!.forEach((flags, i) => {
    program.flags[i]! |= flags & kept
  })
  // The recorded depth contains what the driver adds for the return address and saved registers.
  const added = (index: number, push: number): number => (index === 0 ? 0 : 4 + (push ? 32 : 0))
  program.setSubprograms(vector.subprogs!.map((recorded, i) => recorded.stack_depth - added(i, recorded.reg_push)))
  program.adjustHeadLocation = vector.adjust_head_location ?? 0
  for (const [slot, bounds] of Object.entries(vector.range ?? {})) {
    const columns = [program.uminSrc, program.umaxSrc, program.uminDst, program.umaxDst]
    columns.forEach((column, i) => setU64(column, Number(slot), bounds[i]!))
  }
  for (const [slot, memory] of Object.entries(vector.mem ?? {})) recordMemory(program, vector, Number(slot), memory)
  new HelperArguments(program).follow()
  return program
}

function setU64(column: Uint32Array, slot: number, hex: string): void {
  const digits = hex.padStart(16, '0')
  column[2 * slot] = Number.parseInt(digits.slice(8), 16)
  column[2 * slot + 1] = Number.parseInt(digits.slice(0, 8), 16)
}

function recordMemory(program: ProgramInfo, vector: JitVector, slot: number, memory: RecordedMemory): void {
  program.ptrType[slot] = memory.t
  program.ptrOff[slot] = memory.off
  program.ptrNotConst[slot] = memory.nc ? 1 : 0
  const [over, maybe] = memory.x16 ?? [0, 0]
  program.addend[slot] = (over ? ADDEND_OVER_16_BIT : 0) | (maybe ? ADDEND_MAYBE_16_BIT : 0)
  const [start, end, init] = memory.cache ?? [0, 0, 0]
  program.cacheStart[slot] = start
  program.cacheEnd[slot] = end
  program.cacheInit[slot] = init
  if (!memory.gather) return
  program.copyLength[slot] = memory.gather
  program.pairedStore[slot] = slot + 1
  const last = slot + 2 * (Math.abs(memory.gather) / accessSize(program.code[slot]!)) - 1
  for (let i = slot + 1; i <= last; i++) program.flags[i]! |= FLAG_SKIP_MERGED & vector.insn_flags![i]!
  if (memory.gather < 0) {
    program.off[slot] = program.off[last - 1]!
    program.off[slot + 1] = program.off[last]!
  }
}

export function translateRecorded(vector: JitVector): TranslateResult {
  const ids = new Map(vector.relocs.map(({ insn, map }) => [insn, vector.maps[map]?.id ?? 0]))
  return translate(recordedProgram(vector), {
    progType: vector.prog_type,
    firmware: FIRMWARE_PROFILES[vector.fw],
    mapId: (slot) => ids.get(slot) ?? 0,
    passes: { 'copy-gathering': false, 'packet-cache': false },
  })
}

type Known =
  | { readonly kind: 'stack' | 'constant'; readonly value: number; readonly varies?: boolean }
  | { readonly kind: 'map' | 'packet' }
type Registers = (Known | undefined)[]

/** Follows r2 of map helpers and the type of r4 of event output along the text. */
class HelperArguments {
  private readonly program: ProgramInfo
  private readonly registers: Registers = Array<Known | undefined>(11).fill(undefined)
  /** What registers hold on jumps to a slot further down. */
  private readonly arriving = new Map<number, Registers[]>()
  private readonly spills = new Map<number, Known | undefined>()

  constructor(program: ProgramInfo) {
    this.program = program
    this.registers[10] = { kind: 'stack', value: 0 }
  }

  follow(): void {
    for (let i = 0; i < this.program.length; i++) {
      if (this.program.has(i, FLAG_SKIP_KERNEL)) continue
      for (const other of this.arriving.get(i) ?? []) this.join(other)
      const target = this.program.jumpDst[i]!
      if (target > i && !this.program.isPseudoCall(i)) {
        this.arriving.set(target, [...(this.arriving.get(target) ?? []), [...this.registers]])
      }
      this.step(i)
    }
  }

  private join(other: Registers): void {
    this.registers.forEach((mine, n) => {
      const theirs = other[n]
      if (!mine || !theirs || !('value' in mine) || !('value' in theirs)) return
      if (mine.value !== theirs.value) this.registers[n] = { ...mine, varies: true }
    })
  }

  private step(i: number): void {
    const { program: p, registers: r } = this
    const [code, dst, src, imm] = [p.code[i]!, p.dst[i]!, p.src[i]!, p.imm[i]!]
    const value = r[dst]
    if (code === 0xbf) r[dst] = r[src]
    else if (code === 0xb7) r[dst] = { kind: 'constant', value: imm }
    else if (code === 0x07 && value && 'value' in value) r[dst] = { ...value, value: value.value + imm }
    else if (code === 0x17 && value && 'value' in value) r[dst] = { ...value, value: value.value - imm }
    else if (code === 0x0f && value?.kind === 'stack' && r[src]?.kind === 'constant') {
      r[dst] = { kind: 'stack', value: value.value + (r[src] as { value: number }).value }
    } else if (code === 0x7b && value?.kind === 'stack') this.spills.set(value.value + p.off[i]!, r[src])
    else if (code === 0x79 && r[src]?.kind === 'stack') {
      r[dst] = this.spills.get((r[src] as { value: number }).value + p.off[i]!)
    } else if (code === 0x61 && p.ptrType[i] === 2) r[dst] = { kind: 'packet' }
    else if (p.isHelperCall(i)) this.call(i, imm)
    else if (p.isPseudoCall(i)) r[0] = undefined
    else if ((code & 7) === 4 || (code & 7) === 7 || (code & 7) <= 1) r[dst] = undefined
  }

  private call(i: number, id: number): void {
    const { program: p, registers: r } = this
    const key = r[2]
    p.arg2Off[i] = key && 'value' in key ? key.value : 0
    p.arg2Varies[i] = key && 'value' in key && key.varies ? 1 : 0
    p.arg1Type[i] = { stack: 6, constant: 1, map: 4, packet: 8, none: 1 }[r[4]?.kind ?? 'none']
    for (let n = 0; n <= 5; n++) r[n] = undefined
    if (id === 1) r[0] = { kind: 'map' }
  }
}
