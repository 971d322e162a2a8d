/**
 * Loads and stores: what kind of memory a pointer leads to and whether the access stays inside.
 * Stack accesses go on in stack-access.ts; arguments of helpers that are memory come here for the bounds.
 */
import { EACCES, EINVAL, EPERM, MAX_VAR_OFF, type Env } from './env'
import { signExtend, truncate } from './bounds'
import { contextLoad, contextStore, mayWritePacket } from './context'
import * as i64 from './int64'
import { mapStructName, mapStructRead } from './map-struct'
import { programMayRead, programMayWrite } from './maps'
import * as R from './reg-state'
import type { RegState } from './reg-state'
import { isSecret, putUnknown } from './registers'
import { socketLoadAllowed } from './sockets'
import { checkStackBounds, readStack, writeStack } from './stack-access'
import * as tnum from './tnum'

const DESCRIPTIONS: Readonly<Record<number, string>> = {
  [R.MAP_KEY]: 'key ',
  [R.MAP_VALUE]: 'value ',
  [R.CTX]: 'context ',
  [R.STACK]: 'stack ',
  [R.SOCKET]: 'sock ',
  [R.SOCK_COMMON]: 'sock_common ',
  [R.TCP_SOCK]: 'tcp_sock ',
  [R.XDP_SOCK]: 'xdp_sock ',
}

/** Bytes in front of the packet that make its IP header aligned. */
const NET_IP_ALIGN = 2

export function checkAlignment(env: Env, r: RegState, off: number, size: number, always: boolean): void {
  const packet = R.isPacketPointer(r.type)
  const strict = env.strictAlignment || always || r.type === R.STACK
  if (!strict || size === 1) return
  const pad = packet ? NET_IP_ALIGN : 0
  // The lowest bits decide: all known, and zero with the offsets added.
  const low = size - 1
  if ((r.varOff.mask.lo & low) === 0 && ((r.varOff.value.lo + pad + r.off + off) & low) === 0) return
  const kind = packet ? 'packet ' : (DESCRIPTIONS[r.type] ?? '')
  const front = packet ? `${NET_IP_ALIGN}+` : ''
  env.refuse(EACCES, `misaligned ${kind}access off ${front}${tnum.text(r.varOff)}+${r.off}+${off} size ${size}\n`)
}

/** [off, off + size) inside [0, limit), or the message why not and `then` behind it. */
function checkWindow(
  env: Env,
  regno: number,
  off: number,
  size: number,
  limit: number,
  zeroSize: boolean,
  then: string,
): void {
  if (off >= 0 && (size > 0 || (size === 0 && zeroSize)) && off + size <= limit) return
  const r = env.regs[regno]!
  let text: string
  switch (r.type) {
    case R.MAP_KEY:
      text = `invalid access to map key, key_size=${limit} off=${off} size=${size}\n`
      break
    case R.MAP_VALUE:
      text = `invalid access to map value, value_size=${limit} off=${off} size=${size}\n`
      break
    case R.PACKET:
    case R.PACKET_META:
    case R.PACKET_END:
      text = `invalid access to packet, off=${off} size=${size}, R${regno}(id=${r.id},off=${off},r=${limit})\n`
      break
    default:
      text = `invalid access to memory, mem_size=${limit} off=${off} size=${size}\n`
  }
  env.refuse(EACCES, text + then)
}

const NEGATIVE = 'either use unsigned index or do a if (index >=0) check.\n'

/** Memory of fixed size, reached at a possibly variable offset. */
export function checkRegion(
  env: Env,
  regno: number,
  off: number,
  size: number,
  limit: number,
  zeroSize: boolean,
): void {
  const r = env.regs[regno]!
  const min = i64.toSigned(r.smin)
  if (min < 0 && (i64.eq(r.smin, i64.S64_MIN) || off + min !== ((off + min) | 0) || min + off < 0)) {
    env.refuse(EACCES, `R${regno} min value is negative, ${NEGATIVE}`)
  }
  const first = (min + off) | 0
  if (!(first >= 0 && size > 0 && first + size <= limit))
    checkWindow(env, regno, first, size, limit, zeroSize, outside(regno, 'min'))
  if (!i64.ult(r.umax, i64.u64(MAX_VAR_OFF))) {
    env.refuse(EACCES, `R${regno} unbounded memory access, make sure to bounds check any such access\n`)
  }
  const last = (r.umax.lo >>> 0) + off
  if (!(last >= 0 && size > 0 && last + size <= limit))
    checkWindow(env, regno, last, size, limit, zeroSize, outside(regno, 'max'))
}
const outside = (regno: number, end: string): string =>
  `R${regno} ${end} value is outside of the allowed memory range\n`

export function checkPacketAccess(env: Env, regno: number, off: number, size: number, zeroSize: boolean): void {
  const r = env.regs[regno]!
  if (i64.isNegative(r.smin)) env.refuse(EACCES, `R${regno} min value is negative, ${NEGATIVE}`)
  const then = `R${regno} offset is outside of the packet\n`
  if (r.range < 0) env.refuse(EINVAL, then)
  checkWindow(env, regno, off, size, r.range, zeroSize, then)
}

/** May the program read or write values of the map at all. */
export function checkMapPermission(env: Env, regno: number, off: number, size: number, write: boolean): void {
  const map = env.maps[env.regs[regno]!.map]!
  if (write ? programMayWrite(map) : programMayRead(map)) return
  const what = write ? 'write into' : 'read from'
  env.refuse(EACCES, `${what} map forbidden, value_size=${map.valueSize} off=${off} size=${size}\n`)
}

export function checkMapValue(env: Env, regno: number, off: number, size: number, zeroSize: boolean): void {
  checkRegion(env, regno, off, size, env.maps[env.regs[regno]!.map]!.valueSize, zeroSize)
}

/** The pointer must be as it was made: no offset. */
export function checkUnmodified(env: Env, r: RegState, regno: number): void {
  const name = R.typeName(r.type)
  if (r.off < 0) env.refuse(EACCES, `negative offset ${name} ptr R${regno} off=${r.off} disallowed\n`)
  if (r.off !== 0) env.refuse(EACCES, `dereference of modified ${name} ptr R${regno} off=${r.off} disallowed\n`)
  if (!tnum.equalsConst(r.varOff, i64.ZERO)) {
    env.refuse(EACCES, `variable ${name} access var_off=${tnum.text(r.varOff)} disallowed\n`)
  }
}

export interface Access {
  readonly regno: number
  readonly off: number
  readonly size: number
  readonly write: boolean
  /** Register loaded or stored; -1: an immediate, or nobody looks. */
  readonly value: number
  readonly signed: boolean
  /** `subregDef` of what is loaded. */
  readonly def: number
  /** Atomics must be aligned whatever the flags say. */
  readonly aligned: boolean
}

/** One load or store. A load leaves its result in the value register, which the caller has checked. */
export function checkAccess(env: Env, a: Access): void {
  const { regno, size, write, value } = a
  const r = env.regs[regno]!
  checkAlignment(env, r, a.off, size, a.aligned)
  const off = a.off + r.off
  switch (r.type) {
    case R.MAP_KEY:
      if (write) env.refuse(EACCES, `write to change key R${regno} not allowed\n`)
      checkRegion(env, regno, off, size, env.maps[r.map]!.keySize, false)
      loadUnknown(env, a)
      break
    case R.MAP_VALUE:
      checkLeak(env, a, 'map')
      checkMapPermission(env, regno, off, size, write)
      checkMapValue(env, regno, off, size, false)
      loadUnknown(env, a)
      break
    case R.CTX:
      checkLeak(env, a, 'ctx')
      checkUnmodified(env, r, regno)
      accessContext(env, a, off)
      break
    case R.STACK:
      checkStackBounds(env, regno, off, size, write)
      if (write) writeStack(env, regno, off, size, value)
      else loadStack(env, a, off)
      break
    case R.PACKET:
    case R.PACKET_META:
      if (write && !mayWritePacket(env.progType)) env.refuse(EACCES, 'cannot write into packet\n')
      checkLeak(env, a, 'packet')
      checkPacketAccess(env, regno, off, size, false)
      loadUnknown(env, a)
      break
    case R.SOCKET:
    case R.SOCK_COMMON:
    case R.TCP_SOCK:
    case R.XDP_SOCK:
      if (write) env.refuse(EACCES, `R${regno} cannot write into ${R.typeName(r.type)}\n`)
      accessSocket(env, a, r, off)
      break
    case R.MAP_PTR:
      accessMapStruct(env, a, r, off)
      break
    case R.MEM:
    case R.MEM | R.RINGBUF:
    case R.MEM | R.RDONLY:
      if (write && (r.type & R.RDONLY) !== 0) env.refuse(EACCES, `R${regno} cannot write into ${R.typeName(r.type)}\n`)
      checkLeak(env, a, 'mem')
      checkRegion(env, regno, off, size, r.memSize, false)
      loadUnknown(env, a)
      break
    default:
      env.refuse(EACCES, `R${regno} invalid mem access '${R.typeName(r.type)}'\n`)
  }
}

function loadStack(env: Env, a: Access, off: number): void {
  const { value, size } = a
  readStack(env, a.regno, off, size, value, a.def)
  if (value < 0 || size === 8 || env.regs[value]!.type !== R.SCALAR) return
  const own = env.frame.own(value)
  if (a.signed) signExtend(own, size)
  else truncate(own, size)
}

/** Addresses must not get where others can see them. */
function checkLeak(env: Env, a: Access, where: string): void {
  if (a.write && a.value >= 0 && isSecret(env, env.regs[a.value]!)) {
    env.refuse(EACCES, `R${a.value} leaks addr into ${where}\n`)
  }
}

/** Someone's bytes, nothing known of them. */
function loadUnknown(env: Env, a: Access): void {
  if (a.write || a.value < 0) return
  const r = putUnknown(env, a.value, a.def)
  if (a.size < 8) r.assignValue((a.signed ? SIGNED : UNSIGNED)[a.size]!)
}
const someBytes = (size: number, signed: boolean): RegState => {
  const r = new R.RegState()
  r.setUnknown()
  if (signed) signExtend(r, size)
  else truncate(r, size)
  return r
}
/** Any value of 1, 2 or 4 bytes, by size. */
const UNSIGNED = [1, 1, 2, 2, 4].map((size) => someBytes(size, false))
const SIGNED = [1, 1, 2, 2, 4].map((size) => someBytes(size, true))

function accessContext(env: Env, a: Access, off: number): void {
  const type = a.write
    ? contextStore(env.progType, off, a.size, env.driver !== undefined)
      ? R.SCALAR
      : undefined
    : contextLoad(env.progType, off, a.size)
  if (type === undefined || (a.signed && type !== R.SCALAR)) {
    return env.refuse(EACCES, `invalid bpf_context access off=${off} size=${a.size}\n`)
  }
  if (a.write || a.value < 0) return
  if (type === R.SCALAR) {
    loadUnknown(env, a)
    return
  }
  const r = env.frame.fresh(a.value)
  r.setPointer(type)
  r.subregDef = 0
  if ((type & R.OR_NULL) !== 0) r.id = env.newId()
}

function accessSocket(env: Env, a: Access, r: RegState, off: number): void {
  if (i64.isNegative(r.smin)) env.refuse(EACCES, `R${a.regno} min value is negative, ${NEGATIVE}`)
  if (!socketLoadAllowed(r.type, off, a.size)) {
    env.refuse(EACCES, `R${a.regno} invalid ${R.typeName(r.type)} access off=${off} size=${a.size}\n`)
  }
  loadUnknown(env, a)
}

/** A map pointer shows the fields of the kernel's own structure, read only. */
function accessMapStruct(env: Env, a: Access, r: RegState, off: number): void {
  const name = mapStructName(env.maps[r.map]!)
  if (!env.perfmon) {
    env.refuse(EPERM, `'struct ${name}' access is allowed only to CAP_PERFMON and CAP_SYS_ADMIN\n`)
  }
  if (off < 0) env.refuse(EACCES, `R${a.regno} is ${name} invalid negative access: off=${off}\n`)
  if (a.write) env.refuse(EACCES, `only read from ${name} is supported\n`)
  const result = mapStructRead(env.maps[r.map]!, off, a.size)
  if (result.kind === 'refused') env.refuse(result.errno, result.text)
  if (a.value < 0) return
  if (result.kind === 'pointer') {
    const loaded = env.frame.fresh(a.value)
    loaded.setPointer(R.BTF_ID)
    loaded.subregDef = 0
  } else loadUnknown(env, a)
}
