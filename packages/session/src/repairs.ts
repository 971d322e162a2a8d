/**
 * Likely changes of the text that help against one refusal, cheapest first: a missing check, a value never set, dead
 * code. Guesses only: `suggestRepair` verifies each. Lines are inserted before the refused one and leave by a label, so
 * that what the program did before the refusal it still does.
 */
import { detectDialect } from '@offload/bpf'
import type { Program } from '@offload/bpf'
import { splitState, valueKind } from '@offload/verifier'
import type { Explanation, VerifyResult } from '@offload/verifier'

/** At `line` (from 1), `remove` lines go and `insert` come. */
export interface LineEdit {
  readonly line: number
  readonly remove: number
  readonly insert: readonly string[]
}

export interface Refused {
  readonly source: string
  readonly program: Program
  readonly result: VerifyResult
  readonly explanation: Explanation | undefined
}

interface Change {
  readonly title: string
  readonly edits: readonly LineEdit[]
}

/** The few instructions that repairs are made of, in both dialects. */
const WORDS = {
  llvm: {
    set: (d: number, v: number) => `r${d} = ${v}`,
    copy: (d: number, s: number) => `r${d} = r${s}`,
    add: (d: number, v: number) => `r${d} += ${v}`,
    load32: (d: number, s: number, off: number) => `r${d} = *(u32 *)(r${s} + ${off})`,
    ifZero: (d: number, label: string) => `if r${d} == 0 goto ${label}`,
    ifGreater: (d: number, s: number, label: string) => `if r${d} > r${s} goto ${label}`,
    ifAbove: (d: number, v: number, label: string) => `if r${d} > ${v} goto ${label}`,
    leave: 'exit',
  },
  mnemonic: {
    set: (d: number, v: number) => `mov %r${d}, ${v}`,
    copy: (d: number, s: number) => `mov %r${d}, %r${s}`,
    add: (d: number, v: number) => `add %r${d}, ${v}`,
    load32: (d: number, s: number, off: number) => `ldxw %r${d}, [%r${s}+${off}]`,
    ifZero: (d: number, label: string) => `jeq %r${d}, 0, ${label}`,
    ifGreater: (d: number, s: number, label: string) => `jgt %r${d}, %r${s}, ${label}`,
    ifAbove: (d: number, v: number, label: string) => `jgt %r${d}, ${v}, ${label}`,
    leave: 'exit',
  },
} as const

/** What lets a packet pass, by type of program (XDP_PASS, TC_ACT_OK, …). */
const PASS: Readonly<Record<string, number>> = { xdp: 2, sched_cls: 0, sched_act: 0, socket_filter: 0, cgroup_skb: 1 }
/** Where the context keeps the end of the packet. */
const DATA_END: Readonly<Record<string, number>> = { xdp: 4 }
const SKB_DATA_END = 80
/** Bounds that are tried for a number without one, widest first. */
const BOUNDS = [0xffff, 1500, 255, 63, 31, 15, 7, 3, 1]
/** Lines of dead code that are taken out together. */
const MOST_DEAD = 40

export function* repairsFor(refused: Refused): Generator<Change> {
  // Numeric jumps would point elsewhere after an insertion.
  if (/\bgoto\s+[-+]\d|^\s*j\w+\s.*[-+]\d+\s*(;|\/\/|#|$)/m.test(refused.source)) return
  const { result, program, source } = refused
  const { error, errorInsn } = result
  const text = new Text(source, program)
  const unreachable = /^unreachable insn (\d+)$/.exec(error)
  if (unreachable !== null) yield* withoutDeadCode(text, Number(unreachable[1]))
  if (/^last insn is not an exit or jmp$/.test(error)) yield* withExit(text)
  if (errorInsn === undefined) return
  const at = text.lineOf(errorInsn)
  if (at === 0) return
  const state = splitState(result.steps?.at(-1)?.state ?? '')
  const unset = /^R(\d+) !read_ok$/.exec(error)
  if (unset !== null) yield* withValue(text, at, errorInsn, Number(unset[1]))
  const nullable = /^R(\d+) invalid mem access '\w+_or_null'$|^R(\d+) type=\w+_or_null /.exec(error)
  if (nullable !== null) yield* withNullCheck(text, at, Number(nullable[1] ?? nullable[2]))
  if (refused.explanation?.reach?.kind === 'packet') yield* withPacketCheck(text, at, errorInsn, refused, state)
  if (/unbounded|min value is negative|outside of the allowed memory range|outside of the packet/.test(error))
    yield* withBound(text, errorInsn, refused)
}

/** The text as lines, with what insertions need: indent, dialect, labels to leave by. */
class Text {
  readonly lines: readonly string[]
  readonly program: Program
  readonly words: (typeof WORDS)[keyof typeof WORDS]
  readonly pass: number

  constructor(source: string, program: Program) {
    this.lines = source.split('\n')
    this.program = program
    this.words = WORDS[detectDialect(source)]
    this.pass = PASS[program.progType] ?? 0
  }

  lineOf(insn: number): number {
    return this.program.lines[insn] ?? 0
  }

  /** Instructions put before a line, with its indent; a label on that line stays before them. */
  insertBefore(line: number, texts: readonly string[]): LineEdit {
    const old = this.lines[line - 1] ?? ''
    const label = /^(\s*[A-Za-z_.$][\w.$]*:)\s*(\S.*)$/.exec(old)
    const indent = /^\s*/.exec(old)![0] || '    '
    if (label === null) return { line, remove: 0, insert: texts.map((text) => indent + text) }
    return { line, remove: 1, insert: [label[1]!, ...texts.map((text) => `    ${text}`), `    ${label[2]!}`] }
  }

  /** Ways out behind an instruction: labels that are there, nearest to the end first, then a new one at the end. */
  *exits(insn: number): Generator<{ readonly label: string; readonly edits: readonly LineEdit[] }> {
    const behind = this.program.labels.filter((label) => label.insn > insn)
    for (const { name } of behind.toReversed().slice(0, 4)) yield { label: name, edits: [] }
    const taken = new Set(this.program.labels.map(({ name }) => name))
    const label = ['out', 'leave', 'leave_here'].find((name) => !taken.has(name)) ?? `leave_${insn}`
    yield {
      label,
      edits: [
        {
          line: this.lastCodeLine() + 1,
          remove: 0,
          insert: [`${label}:`, `    ${this.words.set(0, this.pass)}`, `    ${this.words.leave}`],
        },
      ],
    }
  }

  lastCodeLine(): number {
    return this.program.lines.reduce((most, line) => Math.max(most, line), 0)
  }
}

/** An insertion before `line` that leaves by a label; edits further down come first, so that line numbers hold. */
function* leaving(
  text: Text,
  insn: number,
  line: number,
  title: (label: string) => string,
  texts: (label: string) => readonly string[],
): Generator<Change> {
  for (const { label, edits } of text.exits(insn))
    yield { title: title(label), edits: [...edits, text.insertBefore(line, texts(label))] }
}

function* withoutDeadCode(text: Text, insn: number): Generator<Change> {
  const first = text.lineOf(insn)
  for (let last = first; first > 0 && last < first + MOST_DEAD && last <= text.lines.length; last++) {
    if (!text.program.lines.includes(last)) continue
    yield {
      title:
        first === last
          ? `Remove line ${first}, which nothing reaches`
          : `Remove lines ${first} to ${last}, which nothing reaches`,
      edits: [{ line: first, remove: last - first + 1, insert: [] }],
    }
  }
}

function* withExit(text: Text): Generator<Change> {
  const line = text.lastCodeLine() + 1
  const { words, pass } = text
  for (const texts of [[words.leave], [words.set(0, pass), words.leave]])
    yield {
      title: `End with \`${texts.join('; ')}\``,
      edits: [{ line, remove: 0, insert: texts.map((one) => `    ${one}`) }],
    }
}

function* withValue(text: Text, line: number, insn: number, register: number): Generator<Change> {
  const leaves = text.program.insns[8 * insn] === 0x95
  const value = leaves && register === 0 ? text.pass : 0
  const set = text.words.set(register, value)
  yield { title: `Set r${register} first: \`${set}\``, edits: [text.insertBefore(line, [set])] }
}

function* withNullCheck(text: Text, line: number, register: number): Generator<Change> {
  const insn = text.program.lines.indexOf(line)
  yield* leaving(
    text,
    insn,
    line,
    () => `Leave when r${register} is null`,
    (label) => [text.words.ifZero(register, label)],
  )
}

/** `rT = rB; rT += n; if rT > rEnd goto out` before the access, with registers that nobody reads later. */
function* withPacketCheck(
  text: Text,
  line: number,
  insn: number,
  { result, explanation, program }: Refused,
  state: ReturnType<typeof splitState>,
): Generator<Change> {
  const reach = explanation!.reach!
  const base = Number(reach.base.slice(1))
  const need = reach.last + 1
  const { words } = text
  const kindOf = (n: number): string => valueKind(state.find(({ name }) => name === `R${n}`)?.value ?? '')
  const free = freeRegisters(result.log, insn).filter((n) => n !== base)
  const scratch = free.find((n) => !/^(ctx|pkt_end)$/.test(kindOf(n))) ?? free[0]
  if (scratch === undefined || reach.first < 0) return
  const title = `Leave when fewer than ${need} ${need === 1 ? 'byte is' : 'bytes are'} there`
  const all = Array.from({ length: 10 }, (_, n) => n)
  const end = all.find((n) => kindOf(n) === 'pkt_end')
  const check = (e: number, label: string): string[] => [
    words.copy(scratch, base),
    words.add(scratch, need),
    words.ifGreater(scratch, e, label),
  ]
  if (end !== undefined && end !== scratch)
    yield* leaving(
      text,
      insn,
      line,
      () => title,
      (label) => check(end, label),
    )
  const context = all.find((n) => kindOf(n) === 'ctx')
  const second = free.find((n) => n !== scratch)
  if (context === undefined || second === undefined) return
  const load = words.load32(second, context, DATA_END[program.progType] ?? SKB_DATA_END)
  yield* leaving(
    text,
    insn,
    line,
    () => title,
    (label) => [load, ...check(second, label)],
  )
}

/** Registers that nobody reads from `insn` on, as the log's table of live registers has it. */
function freeRegisters(log: string, insn: number): number[] {
  const row = new RegExp(`^ *${insn}: ([.\\d]{10}) \\(`, 'm').exec(log)?.[1]
  if (row === undefined) return []
  return [5, 4, 3, 2, 1, 0, 9, 8, 7, 6].filter((n) => row[n] === '.')
}

/** A number that is added to a pointer, or a size, gets a bound before it is used. */
function* withBound(text: Text, insn: number, { explanation, program }: Refused): Generator<Change> {
  const places = [insn, ...(explanation?.slice ?? []).map((line) => line.insn).toReversed()]
  for (const at of [...new Set(places)].slice(0, 6)) {
    const opcode = program.insns[8 * at]!
    const isAdd = opcode === 0x0f
    const isCall = opcode === 0x85
    if (!isAdd && !isCall) continue
    const named =
      /\bR(\d+)\b/.exec(explanation?.sentence ?? '')?.[1] ?? /\br([1-5])\b/.exec(explanation?.sentence ?? '')?.[1]
    const register = isAdd ? program.insns[8 * at + 1]! >> 4 : Number(named ?? 0)
    const line = text.lineOf(at)
    if (line === 0 || (isCall && (register < 1 || register > 5))) continue
    for (const bound of BOUNDS)
      yield* leaving(
        text,
        at,
        line,
        () => `Leave when r${register} is greater than ${bound}`,
        (label) => [text.words.ifAbove(register, bound, label)],
      )
  }
}
