/**
 * Seeded programs of random NFP words: arithmetic of all kinds, local memory with pointer writes in flight, forward and
 * counted backward branches with deferred words, packet reads and writes, posted additions, random numbers. They end as
 * programs of the driver do. For tests that hold tiers and ways of running to each other.
 */
import {
  MEMORY_COMMANDS,
  NONE,
  alu,
  br,
  brBit,
  cmd,
  csrRead,
  csrWrite,
  gprA,
  gprB,
  gprBoth,
  imm,
  immed,
  ldField,
  lm,
  lmIncrement,
  mov,
  mulLast,
  mulStep,
  shf,
  withEcc,
  wordsOf,
  xfer,
} from '@offload/nfp'
import type { Condition, Operand, Word } from '@offload/nfp'
import { verdictOnly } from './kernels'
import { random } from './programs'

/** Registers that random words may change; A16 to A19 hold addresses and counters. */
const FREE = 16

export function randomProgram(seed: number, start: number, done: number): Uint32Array {
  const next = random(seed)
  const below = (limit: number): number => Math.floor(next() * limit)
  const pick = <T>(list: readonly T[]): T => list[below(list.length)]!
  const words: Word[] = [
    mov(gprA(16), lm(1, 2)),
    immed(gprB(17), 0x1850, { shift: 16 }),
    immed(gprA(17), 0),
    immed(gprBoth(18), 3),
  ]
  /** Word offset behind each group. */
  const starts = new Map<number, number>()
  /** Branches whose target is filled in later. */
  const open: { readonly at: number; readonly make: (target: number) => Word; readonly target: number }[] = []

  const left = (): Operand => pick([gprA(below(FREE)), xfer(below(8)), lm(0, below(8)), lm(3, below(4))])
  const right = (): Operand => (next() < 0.2 ? imm(below(256)) : gprB(below(FREE)))
  const narrow = (): Operand => (next() < 0.2 ? imm(below(128)) : gprB(below(FREE)))
  const result = (): Operand =>
    pick([gprBoth(below(FREE)), gprBoth(below(FREE)), gprA(below(FREE)), gprB(below(FREE)), xfer(below(8)), lm(0, below(8)), NONE])
  const aluOps = ['+', '-', '+carry', '-carry', 'AND', '~AND', 'AND~', 'OR', 'XOR', 'B-A', '+16', '+8'] as const
  const conditions: readonly Condition[] = ['beq', 'bne', 'bmi', 'bpl', 'bcs', 'bcc', 'bvs', 'bvc', 'bge', 'blt', 'ble', 'bgt']

  function plain(): Word[] {
    switch (below(12)) {
      case 0:
      case 1:
      case 2:
        return [alu(result(), gprA(below(FREE)), pick(aluOps), right())]
      case 3:
        return [alu(gprBoth(below(FREE)), left(), pick(aluOps), right())]
      case 4:
        return [mov(result(), right())]
      case 5: {
        const kind = pick(['rot', '>>', '<<', 'dbl>>'] as const)
        const amount = 1 + below(31)
        const op = kind === 'dbl>>' ? 'B' : pick(['B', '~B', 'AND', 'OR', 'AND~', '~AND'] as const)
        return [shf(gprBoth(below(FREE)), op === 'B' && kind !== 'dbl>>' ? NONE : op === '~B' ? NONE : gprA(below(FREE)), op, narrow(), { kind, amount })]
      }
      case 6:
        return [
          alu(NONE, gprA(below(FREE)), 'OR', imm(0)),
          shf(gprBoth(below(FREE)), gprA(below(FREE)), 'B', gprB(below(FREE)), { kind: 'dbl>>', amount: 'indirect' }),
        ]
      case 7:
        return [
          alu(NONE, gprA(below(FREE)), 'OR', gprB(below(FREE))),
          shf(gprBoth(below(FREE)), NONE, pick(['asr', 'B'] as const), gprB(below(FREE)), { kind: '>>', amount: pick(['indirect', 1 + below(31)] as const) }),
        ]
      case 8:
        return [ldField(gprBoth(below(FREE)), 1 + below(15), narrow(), { kind: 'rot', amount: below(4) * 8 }, { clear: next() < 0.3 })]
      case 9:
        return [immed(result(), below(65536), { shift: pick([0, 8, 16] as const), invert: next() < 0.3 })]
      case 10:
        return [immed(gprBoth(below(FREE)), below(65536), { width: 'word', shift: pick([0, 16] as const) })]
      default:
        return [mov(gprA(below(FREE)), lmIncrement(3))]
    }
  }

  function group(): Word[] {
    switch (below(14)) {
      case 0: {
        const from = below(FREE)
        const both = below(FREE)
        return [
          mulStep(gprA(from), gprB(both), 'start'),
          ...(['step1', 'step2', 'step3', 'step4'] as const).map((step) => mulStep(gprA(from), gprB(both), '32x32', step)),
          mulLast(gprBoth(below(FREE)), '32x32', 'last'),
          mulLast(gprBoth(below(FREE)), '32x32', 'last2'),
        ]
      }
      case 1:
        return [immed(gprA(19), 0x400 + 64 * below(4)), csrWrite(pick([0x064, 0x09c]), gprA(19)), ...plain(), ...plain()]
      case 2:
        return [csrRead(0x148), immed(gprBoth(below(FREE)), 0)]
      case 3:
        return [cmd(gprA(16), imm(below(40)), { code: MEMORY_COMMANDS.read32Swap, mode: '32b', count: below(8), xfer: 0, wait: true })]
      case 4:
        return [cmd(gprA(16), imm(below(40)), { code: MEMORY_COMMANDS.write8Swap, mode: '32b', count: below(8), xfer: 0, wait: 1 }), ...plain().slice(0, 1)]
      case 5:
        return [
          immed(NONE, 0x890),
          immed(NONE, below(100), { width: 'word', shift: 16 }),
          cmd(gprA(17), gprB(17), { code: MEMORY_COMMANDS.addImm, mode: '40b_BA', count: 0, xfer: 0, wait: false, indirect: true }),
        ]
      case 6:
        return [cmd(gprA(17), gprB(17), { code: MEMORY_COMMANDS.read32Swap, mode: '40b_BA', count: 1, xfer: 2, wait: true })]
      default:
        return plain()
    }
  }

  const count = 30 + below(60)
  for (let index = 0; index < count; index++) {
    if (next() < 0.18) {
      const defer = below(3)
      const target = index + 1 + below(6)
      const cond = pick(conditions)
      const bit = below(32)
      const register = below(FREE)
      const byBit = next() < 0.3
      const at = words.length
      const make = (address: number): Word => (byBit ? brBit(gprA(register), bit, address, defer) : br(cond, address, defer))
      open.push({ at, make, target })
      words.push(make(0))
      for (let slot = 0; slot < defer; slot++) words.push(plain()[0]!)
    } else words.push(...group())
    starts.set(index, words.length)
  }
  // Once more from the top, counted down in A18.
  words.push(alu(gprBoth(18), gprA(18), '-', imm(1)))
  words.push(br('bne', start + 2 + 4))
  const bodyStart = start + 2
  for (const { at, make, target } of open) {
    words[at] = make(bodyStart + (starts.get(Math.min(target, count - 1)) ?? words.length - 2))
  }
  const tail = verdictOnly(bodyStart + words.length - 2, done, 1 + below(3))
  const head = verdictOnly(start, done, 1).slice(0, 4)
  const body = wordsOf(words.map(withEcc))
  const all = new Uint32Array(head.length + body.length + tail.length - 4)
  all.set(head)
  all.set(body, head.length)
  all.set(tail.subarray(4), head.length + body.length)
  return all
}
