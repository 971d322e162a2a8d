import { assemble } from '@offload/bpf'
import { createRandom } from '@offload/packet'
import { describe, expect, it } from 'vitest'
import { createHostMap, mapAttributes } from '../maps/create'
import { createFastProgram } from '../wasm/fast-program'
import { createVm, loadProgram, runConformance, runProgram } from './run'

const SEED = 4711

function encode(op: number, dst: number, src: number, off: number, imm: number): number[] {
  return [
    op,
    dst | (src << 4),
    off & 255,
    (off >> 8) & 255,
    imm & 255,
    (imm >> 8) & 255,
    (imm >> 16) & 255,
    (imm >>> 24) & 255,
  ]
}

function load64(dst: number, value: bigint): number[] {
  return [
    ...encode(0x18, dst, 0, 0, Number(BigInt.asIntN(32, value))),
    ...encode(0, 0, 0, 0, Number(BigInt.asIntN(32, value >> 32n))),
  ]
}

const u64 = (value: bigint): bigint => BigInt.asUintN(64, value)
const s64 = (value: bigint): bigint => BigInt.asIntN(64, value)

/** What RFC 9669 says of `a op b`, in BigInt, at `bits` bits. */
function oracle(op: number, off: number, a: bigint, b: bigint, bits: 32 | 64): bigint {
  const u = (value: bigint): bigint => BigInt.asUintN(bits, value)
  const s = (value: bigint): bigint => BigInt.asIntN(bits, value)
  const [x, y] = [u(a), u(b)]
  const shift = y & BigInt(bits - 1)
  switch (op) {
    case 0x0:
      return u(x + y)
    case 0x1:
      return u(x - y)
    case 0x2:
      return u(x * y)
    case 0x3:
      return y === 0n ? 0n : off === 1 ? u(s(x) / s(y)) : x / y
    case 0x9:
      return y === 0n ? x : off === 1 ? u(s(x) % s(y)) : x % y
    case 0x4:
      return x | y
    case 0x5:
      return x & y
    case 0x6:
      return u(x << shift)
    case 0x7:
      return x >> shift
    case 0xc:
      return u(s(x) >> shift)
    case 0x8:
      return u(-x)
    case 0xa:
      return x ^ y
    default:
      return off === 0 ? y : u(BigInt.asIntN(off, y))
  }
}

const CORNERS = [
  0n,
  1n,
  2n,
  3n,
  7n,
  31n,
  32n,
  63n,
  64n,
  0xffn,
  0x8000n,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  0x100000000n,
  0x1fffffffffffffn,
  0x7fffffffffffffffn,
  0x8000000000000000n,
  0xffffffffffffffffn,
]

describe('arithmetic', () => {
  it(`agrees with whole-number arithmetic on corner cases and random operands (seed ${SEED})`, () => {
    const random = createRandom(SEED)
    const operand = (): bigint => {
      const kind = random.below(4)
      if (kind === 0) return CORNERS[random.below(CORNERS.length)]!
      const value = (BigInt(random.u32()) << 32n) | BigInt(random.u32())
      return kind === 1
        ? value
        : kind === 2
          ? value >> BigInt(random.below(64))
          : u64(-(value >> BigInt(random.below(64))))
    }
    for (let round = 0; round < 6000; round++) {
      const op = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12][round % 13]!
      const wide = random.below(2) === 1
      const off =
        op === 3 || op === 9
          ? random.below(2)
          : op === 11
            ? [0, 8, 16, ...(wide ? [32] : [])][random.below(wide ? 4 : 3)]!
            : 0
      const [a, b] = [operand(), operand()]
      const immediate = off <= 1 && op !== 8 && random.below(3) === 0
      const imm = Number(BigInt.asIntN(32, b))
      const code = (op << 4) | (immediate || op === 8 ? 0 : 8) | (wide ? 7 : 4)
      const got = runConformance(
        Uint8Array.from([
          ...load64(0, a),
          ...load64(2, b),
          ...encode(code, 0, immediate || op === 8 ? 0 : 2, off, immediate ? imm : 0),
          ...encode(0x95, 0, 0, 0, 0),
        ]),
        new Uint8Array(0),
      )
      const want = oracle(op, off, a, immediate ? BigInt(imm) : b, wide ? 64 : 32)
      expect(
        got.ok && (BigInt(got.r0.hi) << 32n) | BigInt(got.r0.lo),
        `${op} off ${off} ${a} ${immediate ? imm : b} wide ${wide}`,
      ).toBe(want)
    }
  })

  it(`compares as whole numbers do (seed ${SEED})`, () => {
    const random = createRandom(SEED)
    const tests: Record<number, (a: bigint, b: bigint, s: (v: bigint) => bigint) => boolean> = {
      1: (a, b) => a === b,
      2: (a, b) => a > b,
      3: (a, b) => a >= b,
      4: (a, b) => (a & b) !== 0n,
      5: (a, b) => a !== b,
      6: (a, b, s) => s(a) > s(b),
      7: (a, b, s) => s(a) >= s(b),
      10: (a, b) => a < b,
      11: (a, b) => a <= b,
      12: (a, b, s) => s(a) < s(b),
      13: (a, b, s) => s(a) <= s(b),
    }
    for (let round = 0; round < 4000; round++) {
      const codes = Object.keys(tests)
      const op = Number(codes[round % codes.length])
      const wide = random.below(2) === 1
      const a = CORNERS[random.below(CORNERS.length)]!
      const b = random.below(3) === 0 ? a : CORNERS[random.below(CORNERS.length)]!
      const bits = wide ? 64 : 32
      const got = runConformance(
        Uint8Array.from([
          ...load64(1, a),
          ...load64(2, b),
          ...encode(0xb7, 0, 0, 0, 1),
          ...encode((op << 4) | 8 | (wide ? 5 : 6), 1, 2, 1, 0),
          ...encode(0xb7, 0, 0, 0, 0),
          ...encode(0x95, 0, 0, 0, 0),
        ]),
        new Uint8Array(0),
      )
      const want = tests[op]!(BigInt.asUintN(bits, a), BigInt.asUintN(bits, b), (value) => BigInt.asIntN(bits, value))
      expect(got.ok && got.r0.lo === 1, `${op} ${a} ${b} wide ${wide} ${s64(a)}`).toBe(want)
    }
  })
})

describe('what a program may not do', () => {
  const run = (...insns: number[][]): string => {
    const got = runConformance(Uint8Array.from(insns.flat()), new Uint8Array(16), 1000)
    return got.ok ? 'ok' : got.error
  }
  const exit = encode(0x95, 0, 0, 0, 0)
  it('ends in a fault that names the instruction', () => {
    expect(run(encode(0x79, 0, 1, 512 - 7, 0), exit)).toMatch(/^instruction 0: access of 8 bytes at 0xffff8881/)
    expect(run(encode(0x71, 0, 2, 0, 0), exit)).toMatch(/^instruction 0: access of 1 bytes at 0x0000000000000010/)
    expect(run(encode(0x7a, 10, 0, -520, 0), exit)).toMatch(/^instruction 0: access/)
    expect(run(encode(0x05, 0, 0, -1, 0))).toBe('instruction 0: instruction limit reached')
    expect(run(encode(0x05, 0, 0, 5, 0))).toBe('instruction 6: jump to 6, outside the program')
    expect(run(encode(0xff, 0, 0, 0, 0))).toBe('instruction 0: unknown opcode ff')
    // A call to itself runs out of frames.
    expect(run(encode(0x85, 0, 1, 0, -1), exit)).toBe('instruction 0: more than 8 frames')
  })
})

describe('helpers that call back', () => {
  it('bpf_loop counts rounds and stops when told; bpf_for_each_map_elem sees every entry', () => {
    const text = `
.map m hash key 4 value 8 max 8
.prog xdp main
  *(u64 *)(r10 - 8) = 0
  r1 = 10
  r2 = func each ll
  r3 = r10
  r3 += -8
  r4 = 0
  call bpf_loop
  r6 = r0
  r1 = m ll
  r2 = func add ll
  r3 = r10
  r3 += -8
  r4 = 0
  call bpf_for_each_map_elem
  r6 += r0
  r0 = *(u64 *)(r10 - 8)
  r0 *= 100
  r0 += r6
  exit
.func each
  r3 = *(u64 *)(r2 + 0)
  r3 += r1
  *(u64 *)(r2 + 0) = r3
  r0 = 0
  if r1 != 4 goto done
  r0 = 1
done:
  exit
.func add
  r3 = *(u64 *)(r3 + 0)
  r5 = *(u64 *)(r4 + 0)
  r5 += r3
  *(u64 *)(r4 + 0) = r5
  r0 = 0
  exit
`
    const result = assemble(text)
    if (!result.ok) throw new Error(JSON.stringify(result.diagnostics))
    const vm = createVm()
    const made = createHostMap(vm, mapAttributes(result.program.maps[0]!))
    if (!made.ok) throw new Error('map')
    for (const n of [1, 2, 3])
      made.map.hostUpdate(Uint8Array.of(n, 0, 0, 0), Uint8Array.of(n * 10, 0, 0, 0, 0, 0, 0, 0), 0)
    const got = runProgram(
      vm,
      loadProgram(result.program.insns, result.program.relocs, [made.map]),
      'xdp',
      new Uint8Array(60),
    )
    // Rounds 0 to 4 add 10, entries 60; five rounds and three entries.
    expect(got).toMatchObject({ retval: 70 * 100 + 5 + 3 })
    expect(got.fault).toBeUndefined()
  })
})

describe('a packet load outside the packet', () => {
  it('ends the function that makes it with 0, as on Linux: the caller goes on, in both tiers', () => {
    const result = assemble(`
.prog sched_cls main
  call sub
  r0 += 5
  exit
.func sub
  r6 = r1
  r0 = *(u8 *)skb[5000]
  r0 += 100
  exit
`)
    if (!result.ok) throw new Error(JSON.stringify(result.diagnostics))
    const vm = createVm()
    const program = loadProgram(result.program.insns, [], [])
    const fast = createFastProgram(vm, program, 'sched_cls')
    expect(runProgram(vm, program, 'sched_cls', new Uint8Array(60))).toMatchObject({ retval: 5, instructions: 5 })
    expect(fast.run(new Uint8Array(60))).toMatchObject({ retval: 5, instructions: 5 })
  })
})
