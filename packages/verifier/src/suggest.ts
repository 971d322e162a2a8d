/**
 * The smallest change of one instruction that makes a refused program pass, where a few likely ones are tried: a longer
 * bounds check, a nearer offset, a tighter mask. Each candidate is verified; nothing is suggested that does not pass.
 * Whether the changed program still does what its author wants is for the author to see.
 */
import { kernelInsnText } from '@offload/bpf'
import type { VerifyRequest, VerifyResult } from './api'
import { explain } from './explain'
import { accessSize, Insns } from './insns'
import { verify } from './verify'

export interface Suggestion {
  readonly insn: number
  /** Instruction text before and after. */
  readonly from: string
  readonly to: string
  /** The whole program with the change. */
  readonly insns: Uint8Array
}

interface Candidate {
  readonly insn: number
  readonly off?: number
  readonly imm?: number
}

/** Answers to `cancelled` before a candidate counts as too slow to verify. */
const PATIENCE = 20

/** Looks for a change; undefined where none of the likely ones passes. */
export function suggestChange(request: VerifyRequest, result: VerifyResult): Suggestion | undefined {
  if (result.verdict !== 'reject' || result.errorInsn === undefined) return undefined
  const { driver: _driver, record: _record, ...plain } = request
  const said = verify({ ...plain, logLevel: 1 }).log
  const insns = new Insns(request.insns)
  const slice = (explain(request, result)?.slice ?? []).map(({ insn }) => insn)
  for (const candidate of candidates(insns, slice, result.errorInsn, said)) {
    const changed = apply(request.insns, candidate)
    let asked = 0
    const outcome = verify({ ...plain, insns: changed, logLevel: 0, cancelled: () => ++asked > PATIENCE })
    if (outcome.verdict !== 'accept') continue
    const { insn } = candidate
    return { insn, from: kernelInsnText(request.insns, insn), to: kernelInsnText(changed, insn), insns: changed }
  }
  return undefined
}

function apply(bytes: Uint8Array, c: Candidate): Uint8Array {
  const out = bytes.slice()
  const view = new DataView(out.buffer)
  if (c.off !== undefined) view.setInt16(8 * c.insn + 2, c.off, true)
  if (c.imm !== undefined) view.setInt32(8 * c.insn + 4, c.imm, true)
  return out
}

function candidates(insns: Insns, slice: readonly number[], at: number, log: string): Candidate[] {
  const list: Candidate[] = []
  const packet = /invalid access to packet, off=(-?\d+) size=(\d+), R\d+\(id=\d+,off=-?\d+,r=(\d+)\)/.exec(log)
  const value = /invalid access to (?:map value|memory), (?:value|mem)_size=(\d+) off=(-?\d+) size=(\d+)/.exec(log)
  const isAdd = (i: number): boolean => insns.op[i] === 0x07
  const compared = (i: number): boolean => insns.isConditional(i)
  if (packet) {
    // A check that proves so many bytes more: a pointer plus a constant, compared with the end.
    const missing = Number(packet[1]) + Number(packet[2]) - Number(packet[3])
    for (let i = insns.length - 2; i >= 0; i--) {
      if (missing > 0 && isAdd(i) && compared(i + 1)) list.push({ insn: i, imm: insns.imm[i]! + missing })
    }
    list.push(...nearer(insns, at, missing))
  }
  if (value) {
    const missing = Number(value[2]) + Number(value[3]) - Number(value[1])
    for (const i of [...slice].reverse()) {
      // A bound or a mask on the index, one step of the access size lower.
      const imm = insns.imm[i]!
      if (compared(i) && (insns.op[i]! & 8) === 0 && missing > 0) list.push({ insn: i, imm: imm - missing })
      if ((insns.op[i]! & 0xf8) === 0x50 && imm > 0) list.push({ insn: i, imm: imm >> 1 }, { insn: i, imm: imm >> 2 })
    }
    list.push(...nearer(insns, at, missing))
  }
  if (/stack R10 off=/.test(log)) {
    const off = insns.off[at]!
    const size = accessSize(insns.op[at]!)
    list.push({ insn: at, off: off < -512 ? -512 : -size })
  }
  return list
}

/** The access itself, so much before. */
const nearer = (insns: Insns, at: number, missing: number): Candidate[] =>
  missing > 0 && (insns.op[at]! & 7) >= 1 && (insns.op[at]! & 7) <= 3
    ? [{ insn: at, off: insns.off[at]! - missing }]
    : []
