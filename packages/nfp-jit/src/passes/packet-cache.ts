/**
 * Pass 6, packet cache: several packet loads take their bytes from one read.
 *
 * May: let loads from the same packet pointer, up to 64 bytes apart, share the read that the first of them does.
 * Must not: keep a range over a jump target, a packet store, any call, or a legacy load. It does not compare base
 * registers, only the pointer's id and fixed offset; atomics and stack accesses do not end a range.
 * Why: a packet read takes about as long as fifty instructions. A range that ends at offset 0 counts as none, and its
 * loads go to the packet each on its own (quirk Q11). Follows nfp-jit.md, section 6.6.
 */
import { accessSize, CODE_CALL, isLegacyLoad, isLoad, isStore, isStoreImm } from '../opcodes'
import { FLAG_JUMP_DST, PTR_PACKET } from '../program-info'
import type { ProgramInfo } from '../program-info'
import type { Pass } from './pass'

/** Bytes that one range may span: sixteen transfer registers. */
const LONGEST_RANGE = 64

const asInt16 = (value: number): number => (value << 16) >> 16

/** The instruction may change packet bytes (or, a call, may do anything). */
const endsRange = (p: ProgramInfo, i: number): boolean =>
  (isStore(p.code[i]!) && p.ptrType[i] === PTR_PACKET) ||
  p.code[i] === CODE_CALL ||
  (isStoreImm(p.code[i]!) && p.ptrType[i] === PTR_PACKET) ||
  isLegacyLoad(p.code[i]!)

/** First sweep: finds the ranges; each is written to the load that will do the read. */
function findRanges(p: ProgramInfo): void {
  let reader = -1
  let start = 0
  let end = 0
  let open = false
  const close = (): void => {
    if (reader < 0) return
    p.cacheStart[reader] = start
    p.cacheEnd[reader] = end
  }
  for (let i = 0; i < p.length; i++) {
    if (p.has(i, FLAG_JUMP_DST)) open = false
    if (p.isSkipped(i)) continue
    if (endsRange(p, i)) {
      open = false
      continue
    }
    if (!isLoad(p.code[i]!)) continue
    if (p.ptrType[i] !== PTR_PACKET || p.copyLength[i] !== 0) {
      open = false
      continue
    }
    const from = p.off[i]!
    const to = asInt16(from + accessSize(p.code[i]!))
    if (open && p.ptrId[i] === p.ptrId[reader] && p.ptrOff[i] === p.ptrOff[reader]) {
      const newStart = Math.min(start, from)
      const newEnd = Math.max(end, to)
      if (newEnd - newStart <= LONGEST_RANGE) {
        start = newStart
        end = newEnd
        continue
      }
    }
    close()
    open = true
    reader = i
    p.cacheInit[i] = 1
    start = from
    end = to
  }
  close()
}

/** Second sweep: every load learns the range it reads from. */
function shareRanges(p: ProgramInfo): void {
  let start = 0
  let end = 0
  for (let i = 0; i < p.length; i++) {
    if (p.isSkipped(i) || !isLoad(p.code[i]!) || p.ptrType[i] !== PTR_PACKET || p.copyLength[i] !== 0) continue
    if (p.cacheInit[i]) {
      start = p.cacheStart[i]!
      end = p.cacheEnd[i]!
    } else {
      p.cacheStart[i] = start
      p.cacheEnd[i] = end
    }
  }
}

export const packetCache: Pass = {
  name: 'packet-cache',
  title: 'Packet cache',
  purpose: 'Reads a range of the packet once and lets the loads behind it share the transfer registers.',
  run(program) {
    findRanges(program)
    shareRanges(program)
  },
}
