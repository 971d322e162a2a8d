/**
 * A seeded generator of valid words over all classes, for tests. Unused fields are as the encoders leave them.
 */
import {
  ADDRESS_MODES,
  ALU_OPS,
  CONDITIONS,
  CSR_NAMES,
  EncodeError,
  NONE,
  SHF_OPS,
  alu,
  aluFunction,
  br,
  brBit,
  brByte,
  cmd,
  commandName,
  commandTarget,
  csrRead,
  csrWrite,
  ctxArb,
  gprA,
  gprB,
  gprBoth,
  imm,
  immed,
  jump,
  ldField,
  lm,
  lmDecrement,
  lmIncrement,
  mulLast,
  mulStep,
  nop,
  shf,
  xfer,
} from './index'
import type { AluOp, Condition, Operand, Shift, ShfOp, Word } from './index'

/** Numbers below a limit, from a seed (a 32-bit mixing counter). */
export type Below = (limit: number) => number

export function seeded(seed: number): Below {
  let state = seed >>> 0
  return (limit) => {
    state = (state + 0x9e3779b9) >>> 0
    let mixed = state ^ (state >>> 16)
    mixed = Math.imul(mixed, 0x21f0aaad)
    mixed ^= mixed >>> 15
    mixed = Math.imul(mixed, 0x735a2d97)
    return ((mixed ^ (mixed >>> 15)) >>> 0) % limit
  }
}

/** One random valid word. */
export function generateWord(below: Below): Word {
  for (;;) {
    try {
      return GENERATORS[below(GENERATORS.length)]!(below)
    } catch (error) {
      // Combinations of operands that no word holds are drawn again.
      if (!(error instanceof EncodeError)) throw error
    }
  }
}

const flip = (below: Below): boolean => below(2) === 1
const pick = <T>(below: Below, list: readonly T[]): T => list[below(list.length)]!

function source(below: Below, restricted: boolean): Operand {
  const list: readonly (() => Operand)[] = [
    () => gprA(below(32)),
    () => gprB(below(32)),
    () => xfer(below(64)),
    () => lm(below(4), below(restricted ? 8 : 16)),
    () => imm(below(restricted ? 128 : 256)),
    () => ({ kind: 'xfer-index', step: pick(below, ['', '++', '--'] as const) }),
    () => ({ kind: 'neighbour-index', step: pick(below, ['', '++'] as const) }),
    ...(restricted
      ? []
      : [
          () => lmIncrement(below(4)),
          () => lmDecrement(below(4)),
          () => ({ kind: 'absolute', bank: pick(below, ['A', 'B'] as const), index: below(128) }) as const,
          () => ({ kind: 'neighbour', index: below(32) }) as const,
        ]),
  ]
  return pick(below, list)()
}

function destination(below: Below, restricted: boolean): Operand {
  if (below(4) === 0) return gprBoth(below(32))
  const operand = source(below, restricted)
  return operand.kind === 'imm' ? NONE : operand
}

const register = (below: Below, restricted: boolean): Operand => {
  const operand = source(below, restricted)
  return operand.kind === 'imm' ? gprA(below(32)) : operand
}

const shift = (below: Below): Shift => {
  const kind = pick(below, ['rot', '>>', '<<', 'dbl>>'] as const)
  return { kind, amount: kind !== 'rot' && below(4) === 0 ? 'indirect' : kind === 'rot' ? below(32) : 1 + below(31) }
}

const result = (below: Below): { noCc: boolean; predicate: boolean } => ({
  noCc: below(4) === 0,
  predicate: below(8) === 0,
})

const GENERATORS: readonly ((below: Below) => Word)[] = [
  (below) => {
    const op = pick(below, Object.keys(ALU_OPS) as AluOp[])
    const left = op === 'B' || op === '~B' ? NONE : source(below, false)
    return alu(destination(below, false), left, op, source(below, false), result(below))
  },
  (below) => {
    // A double shift prints its operands but no operator, so only `B` and `asr` come back.
    const by = shift(below)
    const op = pick(below, by.kind === 'dbl>>' ? (['B', 'asr'] as const) : (Object.keys(SHF_OPS) as ShfOp[]))
    if (op === 'byte_align')
      return shf(destination(below, true), NONE, op, source(below, true), undefined, result(below))
    const noLeft = op === 'asr' || (by.kind !== 'dbl>>' && (op === 'B' || op === '~B'))
    const left = noLeft ? NONE : source(below, true)
    return shf(destination(below, true), left, op, source(below, true), by, result(below))
  },
  (below) => {
    const options = { clear: flip(below), loadCc: below(4) === 0, predicate: below(8) === 0 }
    const dst = below(4) === 0 ? gprBoth(below(32)) : register(below, true)
    // An indirect double shift prints like an indirect right shift here.
    const by = shift(below)
    const amount = by.kind === 'dbl>>' && by.amount === 'indirect' ? 1 : by.amount
    return ldField(dst, below(16), source(below, true), { kind: by.kind, amount }, options)
  },
  (below) => {
    const width = pick(below, ['all', 'byte', 'word'] as const)
    const steps = { all: [0, 8, 16], byte: [0, 8, 16, 24], word: [0, 16] } as const
    const value = below(width === 'byte' ? 0x100 : 0x10000)
    const invert = width === 'all' && flip(below)
    return immed(destination(below, false), value, { width, shift: pick(below, steps[width]), invert })
  },
  (below) => {
    const condition = pick(below, Object.keys(CONDITIONS) as Condition[])
    const states = CONDITIONS[condition] >= 16 && condition !== 'br' ? { state: below(16) } : {}
    return br(condition, below(0x4000), below(condition === 'br' ? 3 : 4), states)
  },
  (below) => brBit(register(below, true), below(32), below(0x4000), below(4), flip(below)),
  (below) => brByte(register(below, true), below(4), imm(below(256)), below(0x4000), below(4), flip(below)),
  (below) => jump(register(below, false), flip(below) ? 0 : below(0x10000), below(4)),
  (below) => csrWrite(pick(below, [...CSR_NAMES.keys()]), source(below, false)),
  (below) => csrRead(below(0x800) * 4),
  (below) => {
    const type = pick(below, ['24x8', '16x16', '32x32'] as const)
    const step = pick(below, ['step1', 'step2', 'step3', 'step4'] as const)
    if (flip(below)) return mulStep(source(below, false), source(below, false), 'start')
    return mulStep(source(below, false), source(below, false), type, step)
  },
  (below) => {
    const type = pick(below, ['24x8', '16x16', '32x32'] as const)
    return mulLast(destination(below, false), type, pick(below, ['last', 'last2'] as const), result(below))
  },
  (below) => {
    const code = { token: below(4), target: below(128) }
    const count = below(8)
    const { unit, action } = commandTarget(code.target)
    if (unit === undefined || commandName(unit, action, code.token, count) === undefined) return nop()
    const wait = pick(below, [true, false, 1, 2] as const)
    // Bank A left and bank B or an immediate right, as in every real address.
    const right = flip(below) ? gprB(below(32)) : imm(below(128))
    const mode = pick(below, Object.values(ADDRESS_MODES))
    const left = gprA(below(32))
    const options = { code, mode, count, xfer: below(64), wait, indirect: flip(below), signal: below(16) }
    return cmd(left, right, options)
  },
  (below) => ctxArb({ signals: (below(0x8000) << 1) | 0, any: flip(below), defer: below(4) }),
  (below) => ctxArb({ signals: 2 << below(15), resume: below(0x4000), defer: below(4) }),
  (below) => aluFunction(pick(below, ['pop_count1', 'pop_count2'] as const), NONE, NONE, source(below, false)),
  (below) => {
    const fn = pick(below, ['pop_count3', 'ffs', 'cam_read_tag', 'cam_read_state'] as const)
    return aluFunction(fn, destination(below, false), NONE, source(below, false))
  },
  (below) => aluFunction('cam_lookup', destination(below, false), gprA(below(32)), NONE),
]
