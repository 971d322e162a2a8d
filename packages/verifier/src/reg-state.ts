/**
 * What the walk knows about one register (or one spilled register): kind, offsets, tnum and the four ranges.
 * A RegState that is stored in a frame may be shared between states and must not be changed in place: whoever wants
 * to change one asks the frame for it (`Frame.own`). Precision marks are not here; they belong to checkpoints.
 */
import * as i64 from './int64'
import type { I64 } from './int64'
import * as tnum from './tnum'
import type { Tnum } from './tnum'

/** Kernel's numbers of base types; flags are or-ed on top. */
export const NOT_INIT = 0
export const SCALAR = 1
export const CTX = 2
export const MAP_PTR = 3
export const MAP_VALUE = 4
export const MAP_KEY = 5
export const STACK = 6
export const PACKET_META = 7
export const PACKET = 8
export const PACKET_END = 9
export const SOCKET = 11
export const SOCK_COMMON = 12
export const TCP_SOCK = 13
export const XDP_SOCK = 15
export const BTF_ID = 16
export const MEM = 17
export const FUNC = 20

export const OR_NULL = 0x100
export const RDONLY = 0x200
export const RINGBUF = 0x400
export const BASE_MASK = 0xff

const BASE_NAMES: Readonly<Record<number, string>> = {
  [NOT_INIT]: '?',
  [SCALAR]: 'scalar',
  [CTX]: 'ctx',
  [MAP_PTR]: 'map_ptr',
  [MAP_VALUE]: 'map_value',
  [MAP_KEY]: 'map_key',
  [STACK]: 'fp',
  [PACKET_META]: 'pkt_meta',
  [PACKET]: 'pkt',
  [PACKET_END]: 'pkt_end',
  10: 'flow_keys',
  [SOCKET]: 'sock',
  [SOCK_COMMON]: 'sock_common',
  [TCP_SOCK]: 'tcp_sock',
  14: 'tp_buffer',
  [XDP_SOCK]: 'xdp_sock',
  [BTF_ID]: 'ptr_',
  [MEM]: 'mem',
  18: 'arena',
  19: 'buf',
  [FUNC]: 'func',
  21: 'dynptr_ptr',
}

/** The kernel's name of a register type, flags as prefix and suffix. */
export function typeName(type: number): string {
  const prefix = (type & RDONLY ? 'rdonly_' : '') + (type & RINGBUF ? 'ringbuf_' : '')
  return `${prefix}${BASE_NAMES[type & BASE_MASK] ?? '?'}${type & OR_NULL ? '_or_null' : ''}`
}

/** `range` of a packet pointer on the branch where it is known to be at or past the end. */
export const AT_PACKET_END = -1
export const BEYOND_PACKET_END = -2

/** Flags in `id`: the scalar is `off` away from the others with the same id, by a 64-bit or a 32-bit addition. */
export const ADD_CONST_64 = 0x80000000 | 0
export const ADD_CONST_32 = 0x40000000
export const ADD_CONST = ADD_CONST_64 | ADD_CONST_32

export class RegState {
  /** Frame (by epoch) that alone holds this state and may change it in place; 0: shared, or nobody's yet. */
  owner = 0
  type = NOT_INIT
  /** Fixed offset of a pointer; distance of a linked scalar. */
  off = 0
  id = 0
  refObjId = 0
  /** What else there is to a pointer; the type says what: see map, range, memSize, frameno, subprogno. */
  private detail = 0
  /** Instruction + 1 that wrote only the low 32 bits of this value, 0 if none did. Not part of any comparison. */
  subregDef = 0
  varOff: Tnum = tnum.UNKNOWN
  smin: I64 = i64.S64_MIN
  smax: I64 = i64.S64_MAX
  umin: I64 = i64.ZERO
  umax: I64 = i64.U64_MAX
  s32min = i64.S32_MIN
  s32max = i64.S32_MAX
  // As int32: numbers that V8 need not put into a box of their own.
  private u32low = 0
  private u32high = -1

  get u32min(): number {
    return this.u32low >>> 0
  }
  set u32min(n: number) {
    this.u32low = n | 0
  }
  get u32max(): number {
    return this.u32high >>> 0
  }
  set u32max(n: number) {
    this.u32high = n | 0
  }

  /** Map of a map pointer, map value or map key: index into the program's maps. */
  get map(): number {
    return this.detail
  }
  set map(index: number) {
    this.detail = index
  }
  /** Packet pointers: bytes proven to exist behind the pointer's origin. */
  get range(): number {
    return this.detail
  }
  set range(bytes: number) {
    this.detail = bytes
  }
  /** Bytes of a pointer to memory. */
  get memSize(): number {
    return this.detail
  }
  set memSize(bytes: number) {
    this.detail = bytes
  }
  /** Frame a stack pointer points into. */
  get frameno(): number {
    return this.detail
  }
  set frameno(n: number) {
    this.detail = n
  }
  /** Subprogram of a function pointer. */
  get subprogno(): number {
    return this.detail
  }
  set subprogno(n: number) {
    this.detail = n
  }

  clone(): RegState {
    const r = new RegState()
    r.assign(this)
    return r
  }

  assign(o: RegState): void {
    this.type = o.type
    this.off = o.off
    this.id = o.id
    this.refObjId = o.refObjId
    this.detail = o.detail
    this.subregDef = o.subregDef
    this.assignValue(o)
  }

  /** Takes over tnum and ranges only. */
  assignValue(o: RegState): void {
    this.varOff = o.varOff
    this.smin = o.smin
    this.smax = o.smax
    this.umin = o.umin
    this.umax = o.umax
    this.s32min = o.s32min
    this.s32max = o.s32max
    this.u32low = o.u32low
    this.u32high = o.u32high
  }

  /** Everything but the value goes back to nothing. */
  private clearIdentity(): void {
    this.off = 0
    this.id = 0
    this.refObjId = 0
    this.detail = 0
  }

  /** One known value; keeps type and identity of pointers. */
  setValue(v: I64): void {
    this.varOff = tnum.constant(v)
    this.smin = v
    this.smax = v
    this.umin = v
    this.umax = v
    this.s32min = v.lo
    this.s32max = v.lo
    this.u32low = v.lo
    this.u32high = v.lo
  }

  /** A scalar of this value, whatever it was. */
  setKnown(v: I64): void {
    this.clearIdentity()
    this.type = SCALAR
    this.setValue(v)
  }

  /** Low half known, high half as it is. */
  setKnown32(v: number): void {
    this.varOff = tnum.withSubreg(this.varOff, tnum.constant(i64.u64(v >>> 0)))
    this.s32min = v | 0
    this.s32max = v | 0
    this.u32low = v | 0
    this.u32high = v | 0
  }

  setUnbounded(): void {
    this.setUnbounded64()
    this.setUnbounded32()
  }
  setUnbounded64(): void {
    this.smin = i64.S64_MIN
    this.smax = i64.S64_MAX
    this.umin = i64.ZERO
    this.umax = i64.U64_MAX
  }
  setUnbounded32(): void {
    this.s32min = i64.S32_MIN
    this.s32max = i64.S32_MAX
    this.u32low = 0
    this.u32high = -1
  }

  /** A scalar of which nothing is known, whatever it was. */
  setUnknown(): void {
    this.clearIdentity()
    this.type = SCALAR
    this.varOff = tnum.UNKNOWN
    this.setUnbounded()
  }

  /** A pointer of this type, offset zero. */
  setPointer(type: number): void {
    this.clearIdentity()
    this.type = type
    this.setValue(i64.ZERO)
  }

  /** Everything except precision: what a byte-wise comparison of the kernel's structure would say. */
  sameAs(o: RegState): boolean {
    return (
      this === o ||
      (this.type === o.type &&
        this.off === o.off &&
        this.id === o.id &&
        this.refObjId === o.refObjId &&
        this.sameKind(o) &&
        this.sameValue(o))
    )
  }
  /** Same type-specific part: map, range, frame, … */
  sameKind(o: RegState): boolean {
    return this.detail === o.detail
  }
  /** The very same objects describe the value. */
  sharesValue(o: RegState): boolean {
    return (
      this.varOff === o.varOff &&
      this.smin === o.smin &&
      this.smax === o.smax &&
      this.umin === o.umin &&
      this.umax === o.umax &&
      this.s32min === o.s32min &&
      this.s32max === o.s32max &&
      this.u32low === o.u32low &&
      this.u32high === o.u32high
    )
  }
  sameValue(o: RegState): boolean {
    return (
      tnum.same(this.varOff, o.varOff) &&
      i64.eq(this.smin, o.smin) &&
      i64.eq(this.smax, o.smax) &&
      i64.eq(this.umin, o.umin) &&
      i64.eq(this.umax, o.umax) &&
      this.s32min === o.s32min &&
      this.s32max === o.s32max &&
      this.u32low === o.u32low &&
      this.u32high === o.u32high
    )
  }
}

export const baseType = (r: RegState): number => r.type & BASE_MASK
export const isConst = (r: RegState): boolean => tnum.isConst(r.varOff)
export const isConst32 = (r: RegState): boolean => tnum.subregIsConst(r.varOff)
/** Bits that the unsigned maximum needs. */
export const width = (r: RegState): number => i64.bitLength(r.umax)
export const isNull = (r: RegState): boolean =>
  r.type === SCALAR && tnum.isConst(r.varOff) && i64.isZero(r.varOff.value)
export const isPacketPointer = (type: number): boolean => type === PACKET || type === PACKET_META
export const isAnyPacketPointer = (type: number): boolean => isPacketPointer(type) || type === PACKET_END
export const isMapType = (type: number): boolean => {
  const base = type & BASE_MASK
  return base === MAP_PTR || base === MAP_VALUE || base === MAP_KEY
}

/** Shared states that occur all the time. */
export const UNINITIALISED = new RegState()
export const UNKNOWN_SCALAR = ((): RegState => {
  const r = new RegState()
  r.setUnknown()
  return r
})()
export const ZERO_SCALAR = ((): RegState => {
  const r = new RegState()
  r.setKnown(i64.ZERO)
  return r
})()
export function knownScalar(v: I64): RegState {
  const r = new RegState()
  r.setKnown(v)
  return r
}
