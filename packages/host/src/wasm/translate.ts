/**
 * A BPF program as a WebAssembly module: one function for each of its functions, a check for accesses that no guess
 * fitted, and entries for the host: the program itself, callbacks. Everything else the module asks the host for.
 */
import type { VmProgram } from '../vm/program'
import { FRAME_SIZE } from '../vm/memory'
import type { ContextKind } from '../vm/vm'
import { CodeWriter, I32, OP } from '@offload/wasm'
import { checkConvention } from './convention'
import type { ArrayPlace, FunctionSetting } from './emit-frame'
import { FunctionEmitter, MAX_BLOCKS } from './emit-function'
import { LOAD_WORD_TYPE, loadWordCode, LOCATE_LOCALS, LOCATE_TYPE, locateCode } from './emit-memory'
import { endingOf, flowGraph, functionStarts } from './flow-graph'
import type { FlowGraph } from './flow-graph'
import { FUNCTION_TYPE, LOCALS } from './locals'
import { ModuleWriter } from '@offload/wasm'
import { blockHints, calleeHints, Hints } from './pointer-hints'
import { REGISTERS_AT, SLOT_COUNT, SLOT_SIZE, SLOTS_AT } from './state-layout'

export interface TranslateOptions {
  readonly context: ContextKind
  /** True for helpers that the machine has. */
  readonly hasHelper: (number: number) => boolean
  readonly arrayAt: (handle: number) => ArrayPlace | undefined
  /** Region slots that other programs took: this one starts behind them. */
  readonly slotsTaken?: number
  /** Tests: no nested control flow. */
  readonly dispatch?: boolean
}

export interface Translation {
  readonly bytes: Uint8Array
  /** Instructions at which the host can enter: exported as `entry<n>`, taking the frame's depth. */
  readonly entries: readonly number[]
  /** Helpers that the module imports, as `helper<n>`. */
  readonly helpers: readonly number[]
  /** It reads registers that a tail call leaves as they were: then only the interpreter may enter it so. */
  readonly readsSaved: boolean
  readonly slots: number
}

const NOTHING: readonly number[] = []
const ENTRY_TYPE = { parameters: [I32], results: NOTHING }

/** The module; undefined for programs that only the interpreter runs right. */
export function translateProgram(program: VmProgram, options: TranslateOptions): Translation | undefined {
  if (program.length === 0) return undefined
  const { starts, callbacks } = functionStarts(program)
  const graphs = starts.map((start) => flowGraph(program, start))
  if (graphs.reduce((sum, { blocks }) => sum + blocks.length, 0) > MAX_BLOCKS) return undefined
  const convention = checkConvention(program, graphs, callbacks)
  if (!convention.ok) return undefined

  const module = new ModuleWriter('vm', { minimum: 1 })
  const resume = module.import('resume', { parameters: [I32, I32], results: NOTHING })
  const hostLocate = module.import('locate', { parameters: [I32, I32, I32, I32, I32, I32], results: [I32] })
  const tailCall = module.import('tailCall', { parameters: [I32], results: [I32] })
  const packetLoad = module.import('packetLoad', { parameters: [I32, I32, I32, I32], results: [I32] })
  const helpers = new Map<number, number>()
  for (const number of helperNumbers(program, graphs)) {
    if (options.hasHelper(number))
      helpers.set(number, module.import(`helper${number}`, { parameters: [I32], results: NOTHING }))
  }
  const locate = module.add({ type: LOCATE_TYPE, locals: LOCATE_LOCALS, code: locateCode(hostLocate) })
  const loadWord = module.add({ type: LOAD_WORD_TYPE, locals: [], code: loadWordCode(options.context) })
  const first = module.nextIndex
  const calleeIndex = new Map(graphs.map(({ entry }, index) => [entry, first + index]))
  const slots = new SlotNumbers(options.slotsTaken ?? 0)
  const setting: FunctionSetting = {
    program,
    context: options.context,
    locate,
    loadWord,
    resume,
    tailCall,
    packetLoad,
    helper: (number) => helpers.get(number),
    callee: (start) => calleeIndex.get(start)!,
    arrayAt: options.arrayAt,
    slotOf: (hint, pc) => slots.of(hint.kind === 'heap' ? hint.value : pc),
    countsRounds: graphs.some(({ blocks }) =>
      blocks.some(({ ending }) => ending === 'may_goto' || ending === 'tail_call'),
    ),
    ...(options.dispatch && { dispatch: true }),
  }
  const hints = functionHints(program, graphs, options.context)
  for (const [index, graph] of graphs.entries()) {
    module.add({ type: FUNCTION_TYPE, locals: LOCALS, code: new FunctionEmitter(setting, graph, hints[index]!).emit() })
  }
  const entries = [...new Set([0, ...callbacks])]
  for (const entry of entries)
    module.add({ type: ENTRY_TYPE, locals: [], code: entryCode(calleeIndex.get(entry)!), exportedAs: `entry${entry}` })
  return {
    bytes: module.finish(),
    entries,
    helpers: [...helpers.keys()],
    readsSaved: convention.readsSaved,
    slots: slots.count,
  }
}

function helperNumbers(program: VmProgram, graphs: readonly FlowGraph[]): Set<number> {
  const numbers = graphs.flatMap(({ blocks }) =>
    blocks.filter(({ last }) => endingOf(program, last) === 'helper').map(({ last }) => program.imm[last]!),
  )
  return new Set(numbers)
}

/** Hints for each function's blocks; a callee's arguments are taken from the first call that is seen. */
function functionHints(
  program: VmProgram,
  graphs: readonly FlowGraph[],
  context: ContextKind,
): readonly (readonly Hints[])[] {
  const index = new Map(graphs.map(({ entry }, number) => [entry, number]))
  const result: (readonly Hints[] | undefined)[] = graphs.map(() => undefined)
  const start = new Hints(context)
  start.registers[1] = context === 'none' ? { kind: 'packet', value: 0 } : { kind: 'context', value: 0 }
  const open: { readonly number: number; readonly entry: Hints }[] = graphs
    .map((_, number) => ({ number, entry: new Hints(context) }))
    .reverse()
  open.push({ number: index.get(0)!, entry: start })
  for (let next = open.pop(); next; next = open.pop()) {
    if (result[next.number]) continue
    const graph = graphs[next.number]!
    const before = blockHints(program, graph, next.entry)
    result[next.number] = before
    for (const [at, block] of graph.blocks.entries()) {
      if (block.ending !== 'call') continue
      const hints = before[at]!.copy()
      for (let pc = block.start; pc < block.last; pc += program.opcode[pc] === 0x18 ? 2 : 1) hints.step(program, pc)
      const callee = index.get(program.extra[block.last]!)
      if (callee !== undefined) open.push({ number: callee, entry: calleeHints(context, hints, FRAME_SIZE) })
    }
  }
  return result as readonly (readonly Hints[])[]
}

/** Registers from the state, the function, R0 back to the state. */
function entryCode(index: number): Uint8Array {
  const code = new CodeWriter()
  code.i32(0)
  code.get(0)
  for (let register = 0; register <= 5; register++) {
    code.i32(0)
    code.memory(OP.i64Load, REGISTERS_AT + register * 8)
  }
  code.call(index)
  code.memory(OP.i64Store, REGISTERS_AT)
  code.end()
  return code.finish()
}

/** Region slots by the place that pointers come from; when all are taken, places share. Slot 0 is the packet's. */
class SlotNumbers {
  private readonly numbers = new Map<number, number>()
  private readonly taken: number

  constructor(taken: number) {
    this.taken = taken
  }

  get count(): number {
    return this.numbers.size
  }

  of(place: number): number {
    let number = this.numbers.get(place)
    if (number === undefined) {
      number = this.numbers.size
      this.numbers.set(place, number)
    }
    return SLOTS_AT + (1 + ((this.taken + number) % (SLOT_COUNT - 1))) * SLOT_SIZE
  }
}
