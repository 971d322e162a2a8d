/**
 * Random BPF programs for comparing two ways to run them: arithmetic, loops, calls, callbacks, tail calls, map helpers,
 * packet and stack accesses in and around their bounds, and now and then something that no verifier would pass. They keep
 * to the calling convention, so that the translator takes them, and are cut off by the instruction limit. For tests.
 */
import type { Random } from '@offload/packet'

export interface RandomProgram {
  readonly insns: Uint8Array
  /** Map 0 array, 1 hash, 2 array of one entry, 3 program array. */
  readonly relocs: readonly { readonly insn: number; readonly map: number }[]
}

type Insn = readonly [op: number, dst: number, src: number, off: number, imm: number]

/** A stretch that jumps do not enter in the middle. */
interface Unit {
  readonly insns: Insn[]
  /** Instruction in it that jumps: to which unit of its function (or how far, for jumps out of the program). */
  jump?: { readonly at: number; readonly unit: number }
  call?: { readonly at: number; readonly target: number }
  functionAddress?: { readonly at: number; readonly target: number }
  map?: { readonly at: number; readonly map: number }
}

const ALU_CODES = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]
const JUMP_CODES = [1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13]
const SIZES = [0x00, 0x08, 0x10, 0x18]
const ATOMICS = [0x00, 0x01, 0x40, 0x41, 0x50, 0x51, 0xa0, 0xa1, 0xe1, 0xf1, 0x100, 0x110, 0xe0]
const CORNERS = [0, 1, -1, 2, 7, 31, 32, 63, 64, 255, 0x7fffffff, -0x80000000, 0x10000]

/** `context` says which helpers and packet loads make sense; `wild` is how many units in a thousand no verifier would pass. */
export function randomProgram(random: Random, context: 'xdp' | 'skb', wild: number): RandomProgram {
  const functions = 1 + random.below(3)
  const callback = functions
  const writer = new Writer(random, context, functions, callback, wild)
  const bodies = Array.from({ length: functions + 1 }, (_, index) => writer.body(index))
  return link(bodies)
}

class Writer {
  private readonly random: Random
  private readonly context: 'xdp' | 'skb'
  private readonly functions: number
  private readonly callback: number
  private readonly wild: number

  constructor(random: Random, context: 'xdp' | 'skb', functions: number, callback: number, wild: number) {
    this.random = random
    this.context = context
    this.functions = functions
    this.callback = callback
    this.wild = wild
  }

  private pick<T>(list: readonly T[]): T {
    return list[this.random.below(list.length)]!
  }

  private number(): number {
    const { random } = this
    return random.below(3) === 0
      ? this.pick(CORNERS)
      : random.below(2) === 0
        ? random.below(200) - 100
        : random.u32() | 0
  }

  /** The function's units: set up, a random middle, exit. R6 context or argument, R7 a packet or argument pointer, R8 a stack pointer. */
  body(index: number): Unit[] {
    const { random } = this
    const main = index === 0
    const first: Insn[] = [[0xbf, 6, 1, 0, 0]]
    if (main)
      first.push(
        [0x61, 7, 1, this.context === 'xdp' ? 0 : 76, 0],
        [0xb7, 2, 0, 0, 7],
        [0xb7, 3, 0, 0, 9],
        [0xb7, 4, 0, 0, -5],
        [0xb7, 5, 0, 0, 3],
      )
    else if (index === this.callback)
      first.push([0xbf, 7, 2, 0, 0], [0xb7, 3, 0, 0, 1], [0xb7, 4, 0, 0, 2], [0xb7, 5, 0, 0, 3])
    else first.push([0xbf, 7, 2, 0, 0])
    first.push(
      [0xbf, 8, 10, 0, 0],
      [0x07, 8, 0, 0, -8 * (1 + random.below(8))],
      [0xb7, 9, 0, 0, this.number()],
      [0xb7, 0, 0, 0, random.below(4)],
    )
    const units: Unit[] = [{ insns: first }]
    const length = 4 + random.below(24)
    for (let i = 0; i < length; i++) units.push(this.unit(index, units.length, length + 1))
    units.push({ insns: [[0x95, 0, 0, 0, 0]] })
    return units
  }

  private unit(index: number, at: number, last: number): Unit {
    const { random } = this
    if (random.below(1000) < this.wild) return this.wildUnit()
    const choice = random.below(100)
    if (choice < 30) return { insns: [this.arithmetic()] }
    if (choice < 51) return { insns: [this.access()] }
    if (choice < 55) return this.atTheEdge()
    if (choice < 75) return this.jump(at, last)
    if (choice < 80)
      return {
        insns: [
          [0xbf, this.pick([1, 2, 3, 7, 8]), 10, 0, 0],
          [0x07, 8, 0, 0, -random.below(40)],
        ],
      }
    if (choice < 84)
      return {
        insns: [
          [0x61, this.pick([2, 3, 7]), 6, this.pick(this.context === 'xdp' ? [0, 4, 8, 12, 16] : [76, 80, 0, 140]), 0],
        ],
      }
    if (choice < 89 && index < this.functions - 1) return this.call(index)
    return this.helper(index)
  }

  private register(): number {
    return this.random.below(10)
  }

  private arithmetic(): Insn {
    const { random } = this
    const code = this.pick(ALU_CODES)
    const wide = random.below(3) > 0
    const kind = wide ? 7 : 4
    const dst = this.pick([0, 1, 2, 3, 4, 5, 9, 9, 7, 8])
    if (code === 13) return [0xd0 | kind | (wide ? 0 : random.below(2) * 8), dst, 0, 0, this.pick([16, 32, 64])]
    const register = code !== 8 && random.below(2) === 0
    const off =
      code === 3 || code === 9
        ? random.below(2)
        : code === 11 && register
          ? this.pick([0, 0, 8, 16, ...(wide ? [32] : [])])
          : 0
    const source = code <= 1 && dst >= 7 ? 9 : this.register()
    return [
      (code << 4) | kind | (register ? 8 : 0),
      dst,
      register ? source : 0,
      off,
      register ? 0 : dst === 7 || dst === 8 ? random.below(40) - 20 : this.number(),
    ]
  }

  private access(): Insn {
    const { random } = this
    const base = this.pick([7, 7, 8, 8, 10, 10, 10, 6, 0])
    const size = this.pick(SIZES)
    const off =
      base === 10
        ? -random.below(random.below(8) === 0 ? 530 : 64)
        : base === 6
          ? 4 * random.below(8)
          : random.below(32) - (base === 8 ? 8 : 2)
    const other = this.pick([0, 1, 2, 3, 4, 5, 9])
    switch (random.below(8)) {
      case 0:
        return [0x62 | size, base, 0, off, this.number()]
      case 1:
      case 2:
        return [0x63 | size, base, this.register(), off, 0]
      case 3:
        return [0xc3 | this.pick([0x00, 0x18, 0x18, 0x08]), base, other, off, this.pick(ATOMICS)]
      case 4:
        return [0x81 | size, other, base, off, 0]
      default:
        return [0x61 | size, other, base, off, 0]
    }
  }

  /** An access that just fits, or just does not: at the end of the packet, of a map's only value, of a frame. */
  private atTheEdge(): Unit {
    const { random } = this
    const log = random.below(4)
    const size = SIZES[[2, 1, 0, 3][log]!]!
    const off = (random.below(4) === 0 ? 1 : random.below(3) === 0 ? -1 : 0) - (1 << log)
    const access: Insn = random.below(2) ? [0x61 | size, this.pick([2, 3, 4]), 7, off, 0] : [0x63 | size, 7, 9, off, 0]
    switch (random.below(3)) {
      case 0:
        return { insns: [[0x61, 7, 6, this.context === 'xdp' ? 4 : 80, 0], access] }
      case 1:
        return { insns: [[0x18, 7, 2, 0, 0], [0, 0, 0, 0, 24], access], map: { at: 0, map: 2 } }
      default:
        return { insns: [[0xbf, 7, 10, 0, 0], access] }
    }
  }

  private jump(at: number, last: number): Unit {
    const { random } = this
    // Mostly forward; sometimes back, into loops of any shape.
    const unit = random.below(5) > 0 ? at + 1 + random.below(Math.max(1, last - at)) : 1 + random.below(at)
    const kind = random.below(12)
    if (kind === 0) return { insns: [[0x05, 0, 0, 0, 0]], jump: { at: 0, unit } }
    if (kind === 1) return { insns: [[0xe5, 0, 0, 0, 0]], jump: { at: 0, unit } }
    const register = random.below(2) === 0
    const op = (this.pick(JUMP_CODES) << 4) | (register ? 8 : 0) | this.pick([5, 5, 6])
    return {
      insns: [[op, this.register(), register ? this.register() : 0, 0, register ? 0 : this.number()]],
      jump: { at: 0, unit },
    }
  }

  /** Arguments and scratch registers anew, as after every call. */
  private fresh(): Insn[] {
    return [1, 2, 3, 4, 5].map((register): Insn => [0xb7, register, 0, 0, this.number()])
  }

  private call(index: number): Unit {
    const target = index + 1 + this.random.below(this.functions - index - 1)
    const insns: Insn[] = [
      [0xbf, 1, 6, 0, 0],
      [0xbf, 2, this.pick([7, 8, 10]), 0, 0],
      [0x85, 0, 1, 0, 0],
      ...this.fresh(),
    ]
    return { insns, call: { at: 2, target } }
  }

  private helper(index: number): Unit {
    const { random } = this
    const key: Insn[] = [
      [0x62, 10, 0, -4, random.below(6)],
      [0xbf, 2, 10, 0, 0],
      [0x07, 2, 0, 0, -4],
    ]
    const map = this.pick([0, 0, 1, 2])
    const withMap = (insns: Insn[]): Unit => ({
      insns: [[0x18, 1, 1, 0, 0], [0, 0, 0, 0, 0], ...insns, ...this.fresh()],
      map: { at: 0, map },
    })
    switch (random.below(this.context === 'skb' ? 12 : 11)) {
      case 0:
      case 1:
      case 2: {
        // A lookup and what is done with the value.
        const use: Insn[] = [
          [0x15, 0, 0, 1, 0],
          random.below(2)
            ? [0xdb, 0, 9, random.below(20) - 2, this.pick(ATOMICS.slice(0, 10))]
            : [0x63 | this.pick(SIZES), 0, 9, random.below(18), 0],
        ]
        return withMap([...key, [0x85, 0, 0, 0, 1], ...use, [0xb7, 0, 0, 0, 1]])
      }
      case 3:
        return withMap([
          ...key,
          [0xbf, 3, 10, 0, 0],
          [0x07, 3, 0, 0, -32],
          [0xb7, 4, 0, 0, random.below(4)],
          [0x85, 0, 0, 0, 2],
        ])
      case 4:
        return withMap([...key, [0x85, 0, 0, 0, 3]])
      case 5:
        return { insns: [[0x85, 0, 0, 0, this.pick([5, 7, 8, 999])], ...this.fresh()] }
      case 6: {
        const moved: Insn[] =
          this.context === 'xdp'
            ? [
                [0xb7, 2, 0, 0, random.below(40) - 20],
                [0x85, 0, 0, 0, this.pick([44, 65, 54])],
              ]
            : [
                [0xb7, 2, 0, 0, random.below(100)],
                [0xb7, 3, 0, 0, 0],
                [0x85, 0, 0, 0, this.pick([38, 43])],
              ]
        return { insns: [[0xbf, 1, 6, 0, 0], ...moved, ...this.fresh()] }
      }
      case 7:
        if (index === this.callback) return { insns: [[0xb7, 0, 0, 0, random.below(2)]] }
        return {
          insns: [
            [0xb7, 1, 0, 0, random.below(9)],
            [0x18, 2, 4, 0, 0],
            [0, 0, 0, 0, 0],
            [0xbf, 3, this.pick([8, 10]), 0, 0],
            [0xb7, 4, 0, 0, 0],
            [0x85, 0, 0, 0, 181],
            ...this.fresh(),
          ],
          functionAddress: { at: 1, target: this.callback },
        }
      case 8:
        if (index === this.callback) return { insns: [[0xb7, 0, 0, 0, 0]] }
        return {
          insns: [
            [0x18, 1, 1, 0, 0],
            [0, 0, 0, 0, 0],
            [0x18, 2, 4, 0, 0],
            [0, 0, 0, 0, 0],
            [0xbf, 3, 8, 0, 0],
            [0xb7, 4, 0, 0, 0],
            [0x85, 0, 0, 0, 164],
            ...this.fresh(),
          ],
          map: { at: 0, map: this.pick([0, 1]) },
          functionAddress: { at: 2, target: this.callback },
        }
      case 9:
        return {
          insns: [
            [0xbf, 1, 6, 0, 0],
            [0x18, 2, 1, 0, 0],
            [0, 0, 0, 0, 0],
            [0xb7, 3, 0, 0, random.below(4)],
            [0x85, 0, 0, 0, 12],
            ...this.fresh(),
          ],
          map: { at: 1, map: 3 },
        }
      case 10:
        return {
          insns: [
            [0x18, 7, 2, 0, 0],
            [0, 0, 0, 0, 4 * random.below(5)],
          ],
          map: { at: 0, map: 2 },
        }
      default:
        return { insns: [[this.pick([0x20, 0x40]) | this.pick([0x00, 0x08, 0x10]), 0, 9, 0, random.below(70)]] }
    }
  }

  /** What a verifier would not let pass. */
  private wildUnit(): Unit {
    const { random } = this
    switch (random.below(5)) {
      case 0: {
        const op = random.below(256)
        // A constant of 64 bits would need its second half, and maybe a map.
        return { insns: [[op === 0x18 ? 0xff : op, this.register(), this.register(), random.below(8), this.number()]] }
      }
      case 1:
        return { insns: [[0x05, 0, 0, random.below(2000) - 1000, 0]] }
      case 2:
        return { insns: [[0x79, this.register(), this.register(), random.below(65536) - 32768, 0]] }
      case 3:
        return { insns: [[0x07, this.pick([6, 7, 8]), 0, 0, random.u32() | 0]] }
      default:
        return { insns: [[0x7b, this.register(), this.register(), random.below(65536) - 32768, 0]] }
    }
  }
}

/** Places the functions one behind the other and fills in jumps, calls, addresses and maps. */
function link(bodies: readonly (readonly Unit[])[]): RandomProgram {
  const starts: number[][] = []
  let pc = 0
  for (const body of bodies) {
    starts.push(
      body.map((unit) => {
        const at = pc
        pc += unit.insns.length
        return at
      }),
    )
  }
  const bytes = new Uint8Array(pc * 8)
  const view = new DataView(bytes.buffer)
  const relocs: { insn: number; map: number }[] = []
  bodies.forEach((body, index) => {
    body.forEach((unit, number) => {
      const first = starts[index]![number]!
      unit.insns.forEach(([op, dst, src, off, imm], i) => {
        const at = first + i
        view.setUint8(at * 8, op)
        view.setUint8(at * 8 + 1, dst | (src << 4))
        view.setInt16(
          at * 8 + 2,
          unit.jump?.at === i ? starts[index]![Math.min(unit.jump.unit, body.length - 1)]! - at - 1 : off,
          true,
        )
        const call = unit.call?.at === i ? unit.call : unit.functionAddress?.at === i ? unit.functionAddress : undefined
        view.setInt32(at * 8 + 4, call ? starts[call.target]![0]! - at - 1 : imm, true)
      })
      if (unit.map) relocs.push({ insn: first + unit.map.at, map: unit.map.map })
    })
  })
  return { insns: bytes, relocs }
}
