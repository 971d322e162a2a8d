/**
 * Pass 5, copy gathering: runs of load/store pairs to the packet become one memory copy.
 *
 * May: join neighbouring pairs (load from packet or map value, store of the same register to the packet) whose offsets
 * go up or down by the size of one access, up to 128 bytes.
 * Must not: join across a jump target, another register, or where a store would change bytes still to be loaded. That
 * last test compares start offsets only (quirk Q20).
 * Why: one command moves up to 128 bytes; each pair alone is two round trips. Follows nfp-jit.md, section 6.5.
 *
 * A run that reaches the end of the list is never closed: the driver then follows a null pointer (quirk Q3). The
 * translator refuses such a program.
 */
import { accessSize, isLoad, isStore } from '../opcodes'
import { FLAG_JUMP_DST, PTR_MAP_VALUE, PTR_PACKET } from '../program-info'
import type { ProgramInfo } from '../program-info'
import type { InsnNote } from '../api'
import type { Pass } from './pass'
import { mergeInsn } from './pass'

/** Bytes that one command can move; a run this long takes no further pair. */
const LONGEST_COPY = 128

/** A load at `insn` and its store at `insn + 1` copy to the packet through one register. */
function isCopyPair(p: ProgramInfo, load: number): boolean {
  const store = load + 1
  return (
    isLoad(p.code[load]!) &&
    isStore(p.code[store]!) &&
    (p.ptrType[load] === PTR_PACKET || p.ptrType[load] === PTR_MAP_VALUE) &&
    p.ptrType[store] === PTR_PACKET &&
    accessSize(p.code[load]!) === accessSize(p.code[store]!) &&
    p.dst[load] === p.src[store] &&
    !p.has(store, FLAG_JUMP_DST)
  )
}

/** The pair continues the one before it: same registers and size, offsets one access further up or down. */
function continuesPair(p: ProgramInfo, previous: number, load: number): boolean {
  const size = accessSize(p.code[load]!)
  if (
    p.dst[load] !== p.dst[previous] ||
    p.src[load] !== p.src[previous] ||
    p.dst[load + 1] !== p.dst[previous + 1] ||
    size !== accessSize(p.code[previous]!) ||
    p.has(load, FLAG_JUMP_DST)
  ) {
    return false
  }
  const up = p.off[previous]! + size === p.off[load] && p.off[previous + 1]! + size === p.off[load + 1]
  const down = p.off[load]! + size === p.off[previous] && p.off[load + 1]! + size === p.off[previous + 1]
  return up || down
}

/** The stores so far (from the head on) may have changed what this pair loads. */
function crossesHead(p: ProgramInfo, head: number, load: number): boolean {
  if (p.ptrType[head] !== p.ptrType[head + 1]) return false
  if (p.ptrId[head] !== p.ptrId[head + 1]) return true
  const absolute = (base: number, offset: number): number => ((base + offset) << 16) >> 16
  const headLoad = absolute(p.ptrOff[head]!, p.off[head]!)
  const headStore = absolute(p.ptrOff[head + 1]!, p.off[head + 1]!)
  const here = absolute(p.ptrOff[head]!, p.off[load]!)
  return (
    (here > headLoad && headLoad < headStore && here >= headStore) ||
    (here < headLoad && headLoad > headStore && here <= headStore)
  )
}

/** Ends a run: a single pair stays as it is, a longer run becomes one copy at the head. */
function closeRun(p: ProgramInfo, notes: InsnNote[], head: number, last: number, pairs: number): void {
  if (pairs === 1) {
    p.copyLength[head] = 0
    return
  }
  if (p.off[last]! < p.off[head]!) {
    p.off[head] = p.off[last]!
    p.off[head + 1] = p.off[last + 1]!
    p.copyLength[head] = -p.copyLength[head]!
  }
  p.pairedStore[head] = head + 1
  const bytes = Math.abs(p.copyLength[head]!)
  for (let i = head + 1; i <= last + 1; i++) {
    mergeInsn(p, notes, i, 'copy-gathering', `part of the ${bytes}-byte copy at instruction ${head}`)
  }
}

export const copyGathering: Pass = {
  name: 'copy-gathering',
  title: 'Copy gathering',
  purpose: 'Joins neighbouring loads and stores into one copy of up to 128 bytes.',
  run(program, notes) {
    let head = -1
    let last = -1
    let pairs = 0
    let cursor = 0
    while (cursor + 1 < program.length) {
      const pair = isCopyPair(program, cursor)
      const joins =
        pair &&
        (head < 0 ||
          (continuesPair(program, last, cursor) &&
            !crossesHead(program, head, cursor) &&
            program.copyLength[head]! < LONGEST_COPY))
      if (!joins) {
        if (head >= 0) closeRun(program, notes, head, last, pairs)
        head = -1
        pairs = 0
      }
      if (!pair) {
        cursor += 1
        continue
      }
      if (head < 0) head = cursor
      program.copyLength[head]! += accessSize(program.code[cursor]!)
      last = cursor
      pairs += 1
      cursor += 2
    }
  },
}
