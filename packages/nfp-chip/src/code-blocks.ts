/**
 * Splits the loaded programs of a code store into blocks for translation: straight runs of words that are entered only
 * at their first word and left only at their end. A pure function of the decoded store, so every thread and every
 * reader of counts finds the same blocks.
 *
 * A block ends behind a branch and its deferred words, behind a command that swaps and its deferred words, or in front
 * of the next block. Commands begin a block, since a core may have to stop in front of one.
 */
import { HDR } from './layout'
import type { ChipMemory } from './layout'
import { UOP } from './uop'
import type { DecodedStore } from './uop'

/** How a block ends. */
export const BLOCK_END = {
  /** Goes on with the word behind it. */
  fall: 0,
  branch: 1,
  branchBit: 2,
  jump: 3,
  /** A command that swaps. */
  swap: 4,
  /** The interpreter has to do the word at the block's start. */
  interpret: 5,
} as const

export interface CodeBlock {
  readonly start: number
  /** One past its last word, deferred words included. */
  readonly limit: number
  /** Address of the word that ends it (branch or command), or `limit`. */
  readonly last: number
  readonly end: number
}

/** Whether translated code can do a word that is neither branch nor command. */
function isPlain(store: DecodedStore, address: number): boolean {
  const op = store.op[address]!
  if (op === UOP.invalid || op >= UOP.branch) {
    return (
      (op === UOP.lmPointer && operandsPlain(store, address)) ||
      (op >= UOP.mulStart && op <= UOP.mulLast2 && operandsPlain(store, address))
    )
  }
  return op !== UOP.immedLatch && operandsPlain(store, address)
}

/** Local memory is the only special operand that translated code knows. */
function operandsPlain(store: DecodedStore, address: number): boolean {
  const plain = (code: number): boolean => code >= -256 || -code >> 12 === 1
  return plain(store.a[address]!) && plain(store.b[address]!) && plain(store.dst[address]!)
}

function endsBlock(store: DecodedStore, address: number): number {
  switch (store.op[address]) {
    case UOP.branch:
      return BLOCK_END.branch
    case UOP.branchBit:
      return operandsPlain(store, address) ? BLOCK_END.branchBit : BLOCK_END.interpret
    case UOP.jump:
      return operandsPlain(store, address) ? BLOCK_END.jump : BLOCK_END.interpret
    case UOP.command:
      return operandsPlain(store, address)
        ? ((store.aux[address]! >> 16) & 3) === 3
          ? BLOCK_END.fall
          : BLOCK_END.swap
        : BLOCK_END.interpret
    default:
      return isPlain(store, address) ? BLOCK_END.fall : BLOCK_END.interpret
  }
}

const isBranch = (end: number): boolean =>
  end === BLOCK_END.branch || end === BLOCK_END.branchBit || end === BLOCK_END.jump

/** Blocks of the words from `from` to `to`, in order of address. */
function codeBlocks(store: DecodedStore, from: number, to: number): CodeBlock[] {
  const leaders = new Uint8Array(to - from + 1)
  const mark = (address: number): void => {
    if (address >= from && address < to) leaders[address - from] = 1
  }
  mark(from)
  for (let address = from; address < to; address++) {
    const end = endsBlock(store, address)
    const op = store.op[address]
    if (op === UOP.command || end === BLOCK_END.interpret) mark(address)
    if (end === BLOCK_END.interpret) mark(address + 1)
    if (end === BLOCK_END.swap || isBranch(end)) mark(address + 1 + store.extra[address]!)
    if (op === UOP.branch || op === UOP.branchBit) mark(store.imm[address]!)
    // Return addresses of calls are loaded as constants; every address behind a branch may be one.
    if (isBranch(end)) mark(address + 1 + store.extra[address]!)
  }
  const blocks: CodeBlock[] = []
  for (let address = from; address < to;) {
    const block = blockAt(store, address, to, (at) => leaders[at - from] === 1)
    blocks.push(block)
    // Deferred words may be entered on their own too.
    let next = address + 1
    while (next < to && leaders[next - from] === 0) next++
    address = next
  }
  return blocks
}

function blockAt(store: DecodedStore, start: number, to: number, isLeader: (address: number) => boolean): CodeBlock {
  for (let address = start; address < to; address++) {
    if (address > start && isLeader(address)) return { start, limit: address, last: address, end: BLOCK_END.fall }
    const end = endsBlock(store, address)
    if (end === BLOCK_END.interpret)
      return { start, limit: address, last: address, end: address === start ? BLOCK_END.interpret : BLOCK_END.fall }
    if (end === BLOCK_END.fall) continue
    const limit = address + 1 + store.extra[address]!
    let clean = limit <= to
    for (let slot = address + 1; slot < limit; slot++) if (!isPlain(store, slot)) clean = false
    if (clean) return { start, limit, last: address, end }
    return address === start
      ? { start, limit: address, last: address, end: BLOCK_END.interpret }
      : { start, limit: address, last: address, end: BLOCK_END.fall }
  }
  return { start, limit: to, last: to, end: BLOCK_END.fall }
}

/** Blocks of all loaded programs, in order of address. */
export function programBlocks(memory: ChipMemory, store: DecodedStore): CodeBlock[] {
  const { words: H, layout } = memory
  const windows: (readonly [from: number, to: number])[] = []
  for (let port = 0; port < layout.ports; port++) {
    const from = H[layout.header + HDR.programs + port]!
    const to = from + H[layout.header + HDR.programWords + port]!
    if (from >= 0 && !windows.some(([start]) => start === from)) windows.push([from, to])
  }
  windows.sort(([left], [right]) => left - right)
  return windows.flatMap(([from, to]) => codeBlocks(store, from, to))
}
