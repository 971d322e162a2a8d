/**
 * Context accesses of socket buffer programs as the kernel rewrites them: loads and stores of `struct sk_buff` itself, and
 * the prologue of classifiers that write packets. Asked of Linux 6.18 (x86_64); the offsets are that kernel's.
 */
import { encodeInsn as encode } from './kernel-insn'

const LDX_DW = 0x79
const LDX_W = 0x61
const LDX_H = 0x69
const LDX_B = 0x71
const STX_W = 0x63
const STX_H = 0x6b
const ADD_X = 0x0f
const AND32_K = 0x54
const RSH32_K = 0x74
const MOV32_K = 0xb4
const MOV_K = 0xb7
const JEQ_K = 0x15
const JGE_K = 0x35
const JSET32_K = 0x46
const JA = 0x05
/** Register that only the kernel's rewriting uses. */
const SCRATCH = 11

/** `struct sk_buff` of this kernel. */
const SK_BUFF = {
  dev: 16,
  tstamp: 32,
  cb: 40,
  tcClassid: 46,
  end: 80,
  dataMetaEnd: 72,
  len: 112,
  queueMapping: 124,
  cloned: 126,
  pktType: 128,
  tstampBits: 129,
  tcIndex: 132,
  priority: 140,
  skbIif: 144,
  hash: 148,
  vlanAll: 152,
  vlanTci: 154,
  napiId: 156,
  mark: 164,
  protocol: 176,
  sharedEnd: 188,
  head: 192,
  data: 200,
} as const
const NETDEV_IFINDEX = 224
const SHARED_GSO_SIZE = 4
const SHARED_GSO_SEGS = 6
const MIN_NAPI_ID = 0x101
const NO_QUEUE_MAPPING = 0xffff

const CB_START = 48
const CB_END = 68

type Emit = (dst: number, src: number) => Uint8Array[]

const load =
  (op: number, offset: number): Emit =>
  (dst, src) => [encode(op, dst, src, offset, 0)]
const shared =
  (offset: number): Emit =>
  (dst, src) => [
    encode(LDX_W, SCRATCH, src, SK_BUFF.sharedEnd, 0),
    encode(LDX_DW, dst, src, SK_BUFF.head, 0),
    encode(ADD_X, dst, SCRATCH, 0, 0),
    encode(LDX_H, dst, dst, offset, 0),
  ]

/** By the field's offset in __sk_buff. */
const LOADS: Readonly<Record<number, Emit>> = {
  0: load(LDX_W, SK_BUFF.len),
  4: (dst, src) => [encode(LDX_B, dst, src, SK_BUFF.pktType, 0), encode(AND32_K, dst, 0, 0, 7)],
  8: load(LDX_W, SK_BUFF.mark),
  12: load(LDX_H, SK_BUFF.queueMapping),
  16: load(LDX_H, SK_BUFF.protocol),
  20: (dst, src) => [
    encode(LDX_W, dst, src, SK_BUFF.vlanAll, 0),
    encode(JEQ_K, dst, 0, 1, 0),
    encode(MOV32_K, dst, 0, 0, 1),
  ],
  24: load(LDX_H, SK_BUFF.vlanTci),
  28: load(LDX_H, SK_BUFF.vlanAll),
  32: load(LDX_W, SK_BUFF.priority),
  36: load(LDX_W, SK_BUFF.skbIif),
  40: (dst, src) => [encode(LDX_DW, dst, src, SK_BUFF.dev, 0), encode(LDX_W, dst, dst, NETDEV_IFINDEX, 0)],
  44: load(LDX_H, SK_BUFF.tcIndex),
  68: load(LDX_W, SK_BUFF.hash),
  72: load(LDX_H, SK_BUFF.tcClassid),
  76: load(LDX_DW, SK_BUFF.data),
  80: load(LDX_DW, SK_BUFF.end),
  84: (dst, src) => [
    encode(LDX_W, dst, src, SK_BUFF.napiId, 0),
    encode(JGE_K, dst, 0, 1, MIN_NAPI_ID),
    encode(MOV_K, dst, 0, 0, 0),
  ],
  140: load(LDX_DW, SK_BUFF.dataMetaEnd),
  160: load(LDX_W, SK_BUFF.cb),
  164: shared(SHARED_GSO_SEGS),
  176: shared(SHARED_GSO_SIZE),
}

const STORES: Readonly<Record<number, readonly [op: number, offset: number]>> = {
  8: [STX_W, SK_BUFF.mark],
  12: [STX_H, SK_BUFF.queueMapping],
  32: [STX_W, SK_BUFF.priority],
  44: [STX_H, SK_BUFF.tcIndex],
  72: [STX_H, SK_BUFF.tcClassid],
}

/** Loads that give a packet pointer. */
export const SKB_PACKET_FIELDS: readonly number[] = [76, 140]

/** A classifier at ingress sees no time stamp that was meant for delivery. */
function tstampLoad(dst: number, src: number): Uint8Array[] {
  return [
    encode(LDX_B, SCRATCH, src, SK_BUFF.tstampBits, 0),
    encode(JSET32_K, SCRATCH, 0, 1, 4),
    encode(JA, 0, 0, 4, 0),
    encode(JSET32_K, SCRATCH, 0, 1, 3),
    encode(JA, 0, 0, 2, 0),
    encode(MOV_K, dst, 0, 0, 0),
    encode(JA, 0, 0, 1, 0),
    encode(LDX_DW, dst, src, SK_BUFF.tstamp, 0),
  ]
}

/** What a load of `size` bytes at `off` becomes; undefined where it stays, or is not known here. */
export function skbLoad(
  dst: number,
  src: number,
  off: number,
  size: number,
  classifier: boolean,
): Uint8Array[] | undefined {
  if (off >= CB_START && off < CB_END) return undefined
  if (off === 152 && size === 8)
    return classifier ? tstampLoad(dst, src) : [encode(LDX_DW, dst, src, SK_BUFF.tstamp, 0)]
  const emit = size <= 4 ? LOADS[off & ~3] : undefined
  if (!emit) return undefined
  const insns = emit(dst, src)
  if (size < 4) {
    const shift = (off & 3) * 8
    if (shift > 0) insns.push(encode(RSH32_K, dst, 0, 0, shift))
    insns.push(encode(AND32_K, dst, 0, 0, size === 1 ? 0xff : 0xffff))
  }
  return insns
}

/** What a four-byte store from a register becomes. */
export function skbStore(dst: number, src: number, off: number): Uint8Array[] | undefined {
  const target = STORES[off]
  if (!target) return undefined
  const insn = encode(target[0], dst, src, target[1], 0)
  // A queue number too large is not stored at all.
  return off === 12 ? [encode(JGE_K, src, 0, 1, NO_QUEUE_MAPPING), insn] : [insn]
}

/** In front of a classifier that writes the packet: a cloned buffer is copied first, or the packet is dropped. */
export function skbPrologue(): { readonly bytes: Uint8Array; readonly callee?: string }[] {
  return [
    { bytes: encode(LDX_B, 6, 1, SK_BUFF.cloned, 0) },
    { bytes: encode(AND32_K, 6, 0, 0, 1) },
    { bytes: encode(JEQ_K, 6, 0, 7, 0) },
    { bytes: encode(0xbf, 6, 1, 0, 0) },
    { bytes: encode(0xaf, 2, 2, 0, 0) },
    { bytes: encode(0x85, 0, 0, 0, 39), callee: 'bpf_skb_pull_data' },
    { bytes: encode(JEQ_K, 0, 0, 2, 0) },
    { bytes: encode(MOV32_K, 0, 0, 0, 2) },
    { bytes: encode(0x95, 0, 0, 0, 0) },
    { bytes: encode(0xbf, 1, 6, 0, 0) },
  ]
}
