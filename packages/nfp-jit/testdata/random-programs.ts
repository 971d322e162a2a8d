/**
 * Random programs that a verifier may well accept: a bounds check, loads, arithmetic, stack, branches, one helper.
 * A function of the seed alone.
 */
import type { ProgType } from '@offload/bpf'

export type Random = (limit: number) => number

/** Marsaglia's xorshift, 32 bits. */
export function randomNumbers(seed: number): Random {
  let state = seed | 1
  return (limit) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % limit
  }
}

interface Insn {
  readonly code: number
  readonly dst?: number
  readonly src?: number
  readonly off?: number
  readonly imm?: number
}

const ALU_OPERATIONS = [0x00, 0x10, 0x40, 0x50, 0xa0, 0xb0, 0x60, 0x70, 0xc0, 0x20, 0x30]
const JUMP_OPERATIONS = [0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0xa0, 0xb0, 0xc0, 0xd0]
const SIZES = [
  { bits: 0x10, bytes: 1 },
  { bits: 0x08, bytes: 2 },
  { bits: 0x00, bytes: 4 },
  { bits: 0x18, bytes: 8 },
]
const CONSTANTS = [1, 2, 7, 255, 256, 65535, 65536, 0x12345678, -1, -5, 641]
/** Numbers are kept in these; r6 context, r7 packet, r8 its end. */
const NUMBERS = [0, 1, 2, 3, 4, 5, 9]
/** Bytes that the bounds check makes sure of. */
const PACKET_BYTES = 64

/** Slots of the frame that hold something. */
function body(next: Random, stored: Set<number>): Insn[] {
  const pick = <T>(list: readonly T[]): T => list[next(list.length)]!
  const dst = pick(NUMBERS)
  const src = pick(NUMBERS)
  switch (next(9)) {
    case 0:
    case 1: {
      const { bits, bytes } = pick(SIZES)
      return [{ code: 0x61 | bits, dst, src: 7, off: next(PACKET_BYTES - bytes) }]
    }
    case 2: {
      const { bits, bytes } = pick(SIZES)
      return [{ code: 0x63 | bits, dst: 7, src, off: next(PACKET_BYTES - bytes) }]
    }
    case 3: {
      const off = -8 * (1 + next(8))
      stored.add(off)
      return [{ code: 0x7b, dst: 10, src, off }]
    }
    case 4: {
      const known = [...stored]
      return known.length === 0 ? [] : [{ code: 0x79, dst, src: 10, off: pick(known) }]
    }
    case 5:
      return [{ code: 0xdc, dst, imm: pick([16, 32, 64]) }]
    case 6:
      return [{ code: pick([0x84, 0x87]), dst }]
    default: {
      const operation = pick(ALU_OPERATIONS)
      const code = operation | pick([4, 7])
      const shifts = operation === 0x60 || operation === 0x70 || operation === 0xc0
      const constant = operation === 0x30 || next(2) === 0
      const mask: Insn[] = operation === 0x20 || operation === 0x30 ? [{ code: 0xbc, dst, src: dst }] : []
      if (constant) return [...mask, { code, dst, imm: shifts ? next(code & 3 ? 64 : 32) : pick(CONSTANTS) }]
      const amount: Insn[] = shifts ? [{ code: 0x57, dst: src, imm: 31 }] : []
      return [...mask, ...amount, { code: code | 8, dst, src }]
    }
  }
}

export function plausibleProgram(next: Random, progType: ProgType): Uint8Array {
  const [data, dataEnd] = progType === 'xdp' ? [0, 4] : [76, 80]
  const insns: Insn[] = [
    { code: 0xbf, dst: 6, src: 1 },
    { code: 0x61, dst: 7, src: 6, off: data },
    { code: 0x61, dst: 8, src: 6, off: dataEnd },
    ...NUMBERS.map((dst) => ({ code: 0xb7, dst, imm: next(1000) })),
    { code: 0xbf, dst: 2, src: 7 },
    { code: 0x07, dst: 2, imm: PACKET_BYTES },
    { code: 0x3d, dst: 8, src: 2, off: 2 },
    { code: 0xb7, dst: 0, imm: 2 },
    { code: 0x95 },
    { code: 0xb7, dst: 2, imm: next(1000) },
  ]
  const stored = new Set<number>()
  const blocks = 2 + next(5)
  for (let block = 0; block < blocks; block++) {
    // Stack slots that a skipped block may have left empty are not read behind it.
    const known = new Set(stored)
    const inside = Array.from({ length: 1 + next(8) }, () => body(next, known)).flat()
    if (next(2) === 0) {
      const operation = JUMP_OPERATIONS[next(JUMP_OPERATIONS.length)]!
      const dst = NUMBERS[next(NUMBERS.length)]!
      insns.push({ code: operation | [5, 6][next(2)]!, dst, imm: next(2000) - 1000, off: inside.length })
    } else {
      for (const slot of known) stored.add(slot)
    }
    insns.push(...inside)
    if (next(4) === 0) {
      insns.push({ code: 0x85, imm: 7 })
      for (const dst of [1, 2, 3, 4, 5]) insns.push({ code: 0xb7, dst, imm: next(1000) })
    }
  }
  insns.push({ code: 0xb7, dst: 0, imm: 2 }, { code: 0x95 })
  return encode(insns)
}

function encode(insns: readonly Insn[]): Uint8Array {
  const bytes = new Uint8Array(8 * insns.length)
  const view = new DataView(bytes.buffer)
  insns.forEach(({ code, dst = 0, src = 0, off = 0, imm = 0 }, i) => {
    view.setUint8(8 * i, code)
    view.setUint8(8 * i + 1, dst | (src << 4))
    view.setInt16(8 * i + 2, off, true)
    view.setInt32(8 * i + 4, imm, true)
  })
  return bytes
}
