/**
 * Reads the slots of instruction templates from tokens and keeps the operands of one instruction.
 * Slots may be read again while the grammar backtracks, so whatever a read leaves behind is
 * dropped when a slot at the same token or an earlier one is read anew.
 */

import { helperId } from '../helpers'
import { MAX_REGISTER } from '../decode'
import type { Slot } from '../template'
import { ExpressionReader, type NameSource, type Value } from './expression'
import { type Lexer, TOKEN } from './lexer'
import type { DiagnosticCode } from './messages'

/** Names an instruction may use, beside constants. */
export interface OperandNames extends NameSource {
  /** Number of a map by name, or -1. */
  mapIndex(name: string): number
  readonly mapCount: number
}

/** Something wrong with an operand that was read all the same. */
export interface OperandProblem {
  readonly code: DiagnosticCode
  readonly first: number
  readonly last: number
  readonly values: readonly (string | number)[]
}

export class Operands {
  dst = 0
  src = 0
  off = 0
  imm = 0
  next = 0
  imm64: Value = 0
  /** Token that names the target of a jump or call, or -1 where the distance is given. */
  targetAt = -1
  map = -1
  problem: OperandProblem | undefined
  /** Set when the immediate was written as a number above the signed 32-bit range: how it was written. */
  unsignedImm: 'hex' | 'expression' | undefined
  immAt = 0
  immEnd = 0
  private problemAt = -1
  private mapAt = -1
  readonly expressions: ExpressionReader
  private readonly lexer: Lexer
  private readonly names: OperandNames

  constructor(lexer: Lexer, names: OperandNames) {
    this.lexer = lexer
    this.names = names
    this.expressions = new ExpressionReader(lexer, names)
  }

  reset(): void {
    this.targetAt = -1
    this.map = -1
    this.problem = undefined
    this.problemAt = -1
    this.mapAt = -1
    this.unsignedImm = undefined
  }

  /** A `SlotReader` for the grammar. */
  readonly read = (slot: Slot, at: number, repeat: boolean): number => {
    if (at <= this.problemAt) {
      this.problem = undefined
      this.problemAt = -1
    }
    if (at <= this.targetAt) this.targetAt = -1
    if (at <= this.mapAt) {
      this.map = -1
      this.mapAt = -1
    }
    switch (slot) {
      case 'dst':
        return this.register(at, true, false, repeat)
      case 'wdst':
        return this.register(at, true, true, repeat)
      case 'xdst':
        return this.register(at, true, undefined, repeat)
      case 'src':
        return this.register(at, false, false, repeat)
      case 'wsrc':
        return this.register(at, false, true, repeat)
      case 'xsrc':
        return this.register(at, false, undefined, repeat)
      case 'imm':
      case 'cmp':
        return this.immediate(at)
      case 'next': {
        const kept = this.imm
        const end = this.immediate(at)
        this.next = this.imm
        this.imm = kept
        return end
      }
      case 'plus':
        if (this.isPunct(at, ']')) {
          this.imm = 0
          return at
        }
        return this.isSign(at) ? this.immediate(at) : -1
      case 'space_to':
      case 'space_from':
        return this.addressSpace(at, slot === 'space_to')
      case 'off':
        return this.offset(at)
      case 'imm64':
        return this.constant64(at)
      case 'jump':
      case 'jump32':
        return this.target(at, slot === 'jump')
      case 'helper':
        return this.helper(at)
      case 'callee':
        return this.callee(at)
      case 'func':
        return this.callback(at)
      case 'map':
        return this.mapReference(at)
      case 'value':
        return this.mapValue(at)
    }
  }

  private note(code: DiagnosticCode, first: number, last: number, values: readonly (string | number)[]): void {
    if (this.problem !== undefined) return
    this.problem = { code, first, last, values }
    this.problemAt = first
  }

  private register(at: number, isDst: boolean, wide: boolean | undefined, repeat: boolean): number {
    const { lexer } = this
    if (lexer.kinds[at] !== TOKEN.REGISTER) return -1
    if (wide !== undefined && lexer.wide[at] !== wide) return -1
    const number = lexer.values[at]!
    if (number > MAX_REGISTER) this.note('bad-register', at, at, [lexer.textOf(at)])
    if (repeat) {
      const first = isDst ? this.dst : this.src
      const letter = lexer.wide[at] ? 'w' : 'r'
      if (first !== number) this.note('register-mismatch', at, at, [`${letter}${first}`, lexer.textOf(at)])
    } else if (isDst) this.dst = number
    else this.src = number
    return at + 1
  }

  private immediate(at: number): number {
    const end = this.expressions.read(at)
    if (end < 0) return -1
    const { value, kind } = this.expressions
    const imm = asImmediate(value, kind === 'decimal')
    this.unsignedImm = kind !== 'decimal' && imm !== undefined && imm < 0 && value > 0 ? kind : undefined
    this.immAt = at
    this.immEnd = end
    if (imm === undefined) this.note('immediate-range', at, end - 1, [this.sourceOf(at, end)])
    this.imm = imm ?? 0
    return end
  }

  private addressSpace(at: number, isTo: boolean): number {
    const end = this.expressions.read(at)
    if (end < 0) return -1
    const value = Number(this.expressions.value)
    if (value < 0 || value > 0xffff) this.note('immediate-range', at, end - 1, [this.sourceOf(at, end)])
    this.imm = isTo ? value << 16 : this.imm | value
    return end
  }

  private offset(at: number): number {
    if (this.isPunct(at, ')') || this.isPunct(at, ']')) {
      this.off = 0
      return at
    }
    if (!this.isSign(at)) return -1
    const end = this.expressions.read(at)
    if (end < 0) return -1
    const value = Number(this.expressions.value)
    if (value < -0x8000 || value > 0x7fff) this.note('offset-range', at, end - 1, [value])
    this.off = value
    return end
  }

  private constant64(at: number): number {
    const end = this.expressions.read(at)
    if (end < 0) return -1
    const { value } = this.expressions
    if (typeof value === 'bigint' && (value < -0x8000000000000000n || value > 0xffffffffffffffffn)) {
      this.note('imm64-range', at, end - 1, [this.sourceOf(at, end)])
      this.imm64 = 0
    } else this.imm64 = value
    return end
  }

  /** `+3`, `pc+3`, `3` or a label. */
  private target(at: number, short: boolean): number {
    const { lexer } = this
    const from = lexer.kinds[at] === TOKEN.NAME && lexer.textOf(at) === 'pc' && this.isSign(at + 1) ? at + 1 : at
    if (this.isSign(from) || lexer.kinds[from] === TOKEN.NUMBER) {
      const end = this.expressions.read(from)
      if (end < 0) return -1
      const value = Number(this.expressions.value)
      const limit = short ? 0x7fff : 0x7fffffff
      if (value < -limit - 1 || value > limit) this.note('jump-range', at, end - 1, [value])
      if (short) this.off = value
      else this.imm = value
      return end
    }
    if (lexer.kinds[at] !== TOKEN.NAME) return -1
    this.targetAt = at
    return at + 1
  }

  private helper(at: number): number {
    const { lexer } = this
    if (lexer.kinds[at] !== TOKEN.NAME) return this.immediate(at)
    const name = lexer.textOf(at)
    if (name === 'unknown' && lexer.kinds[at + 1] === TOKEN.END) return -1
    const id = helperId(name)
    if (id === undefined) return this.names.constant(name) === undefined ? -1 : this.immediate(at)
    this.imm = id
    return at + 1
  }

  private callee(at: number): number {
    const { lexer } = this
    if (lexer.kinds[at] !== TOKEN.NAME) return -1
    if (lexer.textOf(at) !== 'pc' || !this.isSign(at + 1)) {
      this.targetAt = at
      return at + 1
    }
    return this.immediate(at + 1)
  }

  /** `func name` or `subprog[+5]`. */
  private callback(at: number): number {
    const { lexer } = this
    if (lexer.kinds[at] !== TOKEN.NAME) return -1
    const word = lexer.textOf(at)
    if (word === 'func' && lexer.kinds[at + 1] === TOKEN.NAME) {
      this.targetAt = at + 1
      return at + 2
    }
    if (word !== 'subprog' || !this.isPunct(at + 1, '[') || !this.isSign(at + 2)) return -1
    const end = this.immediate(at + 2)
    return end > 0 && this.isPunct(end, ']') ? end + 1 : -1
  }

  /** A map by name, or `map[name]`, or `map[2]` by number. */
  private mapReference(at: number): number {
    const { lexer, names } = this
    if (lexer.kinds[at] !== TOKEN.NAME) return -1
    this.mapAt = at
    if (lexer.textOf(at) !== 'map' || !this.isPunct(at + 1, '[')) {
      this.map = names.mapIndex(lexer.textOf(at))
      return this.map < 0 ? -1 : at + 1
    }
    if (!this.isPunct(at + 3, ']')) return -1
    if (lexer.kinds[at + 2] === TOKEN.NUMBER) {
      this.map = lexer.values[at + 2]!
      if (this.map >= names.mapCount) this.note('unknown-map', at + 2, at + 2, [lexer.textOf(at + 2)])
    } else {
      this.map = names.mapIndex(lexer.textOf(at + 2))
      if (this.map < 0) this.note('unknown-map', at + 2, at + 2, [lexer.textOf(at + 2)])
    }
    return at + 4
  }

  /** `map[name][0]+16`. */
  private mapValue(at: number): number {
    const { lexer } = this
    if (lexer.textOf(at) !== 'map') return -1
    const end = this.mapReference(at)
    if (end < 0 || !this.isPunct(end, '[') || lexer.values[end + 1] !== 0 || !this.isPunct(end + 2, ']')) return -1
    if (!this.isSign(end + 3)) {
      this.next = 0
      return end + 3
    }
    return this.read('next', end + 3, false)
  }

  private isPunct(at: number, char: string): boolean {
    const { lexer } = this
    return (
      lexer.kinds[at] === TOKEN.PUNCT &&
      lexer.text.charCodeAt(lexer.starts[at]!) === char.charCodeAt(0) &&
      lexer.ends[at]! - lexer.starts[at]! === 1
    )
  }

  private isSign(at: number): boolean {
    return this.isPunct(at, '+') || this.isPunct(at, '-')
  }

  private sourceOf(first: number, end: number): string {
    return this.lexer.text.slice(this.lexer.starts[first]!, this.lexer.ends[end - 1]!)
  }
}

/**
 * A value as a signed 32-bit immediate. Decimal numbers must be in the signed range; hex numbers and expressions
 * may also be the 32 bits themselves, or the 64 bits that the immediate is extended to.
 */
export function asImmediate(value: Value, decimal: boolean): number | undefined {
  if (typeof value === 'number') {
    if (value >= -0x80000000 && value <= 0x7fffffff) return value
    return !decimal && value > 0 && value <= 0xffffffff ? value | 0 : undefined
  }
  if (!decimal && value >= 0xffffffff80000000n && value <= 0xffffffffffffffffn) return Number(BigInt.asIntN(32, value))
  return undefined
}
