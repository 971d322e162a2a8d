/**
 * Runs against what the verifier knew: before each instruction that the interpreter executes, the registers must lie inside
 * some state that the walk had there (number: tnum and four ranges; packet and stack pointers: offset and proven bytes).
 * Not the contents of the stack, and not pointers to maps and contexts. For tests.
 */
import { parseHex } from '@offload/packet'
import { verify } from '@offload/verifier'
import type { Known, Visit } from '@offload/verifier'
import { FRAME_SIZE, STACK_TOP } from '../vm/memory'
import { runProgram } from '../vm/run'
import type { VmProgram } from '../vm/program'
import { R10, type Vm } from '../vm/vm'
import { prepareRun, type RunVector } from './recorded-run'

export interface Comparison {
  /** Instructions executed and compared. */
  points: number
  registers: number
  violations: string[]
}

/** States by instruction, or undefined where the program is refused or its complete walk is too long. */
export function statesOf(vector: RunVector, limit = 50_000): Visit[][] | undefined {
  const states: Visit[][] = []
  let visits = 0
  const { verdict } = verify({
    progType: vector.prog_type,
    insns: parseHex(vector.insns)!,
    maps: vector.maps ?? [],
    relocs: vector.relocs ?? [],
    visit: (visit) => {
      visits++
      ;(states[visit.insn] ??= []).push(visit)
    },
    cancelled: () => visits > limit,
  })
  return verdict === 'accept' ? states : undefined
}

/** Runs the packets on a fresh machine and compares at every instruction of the main program. */
export function compareRuns(
  vector: RunVector,
  states: readonly Visit[][],
  packets: readonly Uint8Array[],
  into: Comparison,
): void {
  const { vm, program } = prepareRun(vector)
  let watching = true
  // The interpreter reads each instruction's opcode once, before it executes it.
  const opcode = new Proxy(program.opcode, {
    get(target, key) {
      const pc = Number(key)
      if (watching && vm.program === watched) compare(vm, pc, states[pc] ?? [], vector.id, into)
      return target[pc]
    },
  })
  const watched: VmProgram = { ...program, opcode }
  for (const packet of packets) {
    watching = into.violations.length < 20
    runProgram(vm, watched, vector.prog_type, packet, { limit: 20_000 })
  }
}

function compare(vm: Vm, pc: number, visits: readonly Visit[], id: string, into: Comparison): void {
  into.points++
  let why = 'never visited'
  for (const visit of visits) {
    if (visit.frame !== vm.depth) continue
    const reason = outside(vm, visit)
    if (reason === '') {
      into.registers += 11
      return
    }
    why = reason
  }
  into.violations.push(`${id}, instruction ${pc}: ${why}`)
}

/** '' when every live register lies inside, or which one does not. */
function outside(vm: Vm, visit: Visit): string {
  for (let n = 0; n < 10; n++) {
    if (((visit.live >> n) & 1) === 0) continue
    const known = visit.regs[n]!
    const lo = vm.reg[2 * n]!
    const hi = vm.reg[2 * n + 1]!
    if (!holds(vm, known, lo, hi))
      return `r${n} = ${(hi >>> 0).toString(16)}:${(lo >>> 0).toString(16)} is not ${describe(known)}`
  }
  return vm.reg[R10] === STACK_TOP - vm.depth * FRAME_SIZE ? '' : 'r10 is no frame pointer'
}

const wide = (lo: number, hi: number): bigint => (BigInt(hi) << 32n) | BigInt(lo >>> 0)
const unsigned = (v: bigint): bigint => BigInt.asUintN(64, v)

function holds(vm: Vm, known: Known, lo: number, hi: number): boolean {
  switch (known.kind) {
    case 'number':
      return inside(known, wide(lo, hi))
    case 'packet': {
      const offset = lo - vm.data
      if (!inside(known, BigInt(offset - known.off))) return false
      // Proven bytes are counted from the pointer's origin, which is `off` before it.
      return known.range <= 0 || lo - known.off + known.range <= vm.dataEnd
    }
    case 'stack':
      return inside(known, BigInt(lo - (STACK_TOP - known.frame * FRAME_SIZE) - known.off))
    default:
      return true
  }
}

function inside(known: Known, value: bigint): boolean {
  const s = BigInt.asIntN(64, value)
  const u = unsigned(value)
  const low = Number(BigInt.asUintN(32, value))
  const { tnum, signed, unsigned: range, signed32, unsigned32 } = known
  const mask = unsigned(wide(tnum.mask.lo, tnum.mask.hi))
  return (
    (u & ~mask & 0xffffffffffffffffn) === unsigned(wide(tnum.value.lo, tnum.value.hi)) &&
    wide(signed[0].lo, signed[0].hi) <= s &&
    s <= wide(signed[1].lo, signed[1].hi) &&
    unsigned(wide(range[0].lo, range[0].hi)) <= u &&
    u <= unsigned(wide(range[1].lo, range[1].hi)) &&
    signed32[0] <= (low | 0) &&
    (low | 0) <= signed32[1] &&
    unsigned32[0] <= low &&
    low <= unsigned32[1]
  )
}

const describe = (k: Known): string =>
  `${k.kind} ${JSON.stringify({ off: k.off, range: k.range, tnum: k.tnum, signed: k.signed, unsigned: k.unsigned })}`

/** A recorded packet with bytes changed, another length, or nothing but random bytes; the same for the same numbers. */
export function randomPacket(seed: number, n: number, recorded: readonly Uint8Array[]): Uint8Array {
  let state = Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(n + 1, 0x85ebca6b) || 1
  const below = (limit: number): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % limit
  }
  const model = recorded[below(recorded.length)]!
  const packet = new Uint8Array(below(2) === 0 ? Math.max(14, model.length) : 14 + below(120))
  packet.set(model.subarray(0, packet.length))
  const changes = below(4) === 0 ? packet.length : below(8)
  for (let k = 0; k < changes; k++) packet[below(packet.length)] = below(4) === 0 ? below(4) * 85 : below(256)
  return packet
}
