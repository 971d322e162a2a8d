/**
 * Arguments of helpers: is each register what the helper wants, and is the memory behind it there.
 * Follows kernel-tables.md, section 2: order of checks, texts, errnos.
 */
import { EACCES, EINVAL, MAX_VAR_OFF, type Env } from './env'
import type { ArgKind, Helper, HelperArg } from './helper-table'
import * as i64 from './int64'
import * as M from './maps'
import {
  checkAlignment,
  checkMapPermission,
  checkMapValue,
  checkPacketAccess,
  checkRegion,
  checkUnmodified,
} from './memory'
import { markPrecise, markSlotPrecise } from './precision'
import * as R from './reg-state'
import type { RegState } from './reg-state'
import { isSecret, readReg } from './registers'
import { checkStackInitialised, frameOf } from './stack-access'
import * as S from './stack-slot'
import * as tnum from './tnum'

/** What the arguments told about the call. */
export class CallFacts {
  readonly helper: Helper
  map = -1
  /** Known key of an array lookup, -1 if not known. */
  constantKey = -1
  /** The helper fills the memory of the present pair of arguments. */
  raw = false
  /** Stack bytes that count as written afterwards. */
  filledReg = -1
  filledBytes = 0
  releasedReg = -1
  refObjId = 0
  /** Size asked of an allocation. */
  memSize = 0
  subprogno = -1
  /** Upper bound of the last size argument. */
  maxSize: i64.I64 = i64.ZERO
  constructor(helper: Helper) {
    this.helper = helper
  }
}

const MEMORY = [R.STACK, R.PACKET, R.PACKET_META, R.MAP_KEY, R.MAP_VALUE, R.MEM, R.MEM | R.RINGBUF]
const MEMORY_TEXT = 'fp, pkt, pkt_meta, map_key, map_value, mem, ringbuf_mem, buf, trusted_ptr_'

interface Accepted {
  readonly types: readonly number[]
  readonly text: string
}
const memory: Accepted = { types: MEMORY, text: MEMORY_TEXT }
const scalar: Accepted = { types: [R.SCALAR], text: 'scalar' }
const ACCEPTED: Readonly<Record<Exclude<ArgKind, 'any'>, Accepted>> = {
  map: { types: [R.MAP_PTR], text: 'map_ptr' },
  key: memory,
  val: memory,
  val0: memory,
  uval: memory,
  mem: { types: [...MEMORY, R.MEM | R.RDONLY], text: MEMORY_TEXT },
  mem0: { types: [...MEMORY, R.MEM | R.RDONLY], text: MEMORY_TEXT },
  rwmem: memory,
  umem: memory,
  fix: memory,
  ufix: memory,
  sz: scalar,
  sz0: scalar,
  asz: scalar,
  ctx: { types: [R.CTX], text: 'ctx' },
  ctx0: { types: [R.CTX], text: 'ctx' },
  fn: { types: [R.FUNC], text: 'func' },
  stk0: { types: [R.STACK], text: 'fp' },
  lock: { types: [R.MAP_VALUE], text: 'map_value, ptr_' },
  timer: { types: [R.MAP_VALUE], text: 'map_value' },
  str: { types: [R.MAP_VALUE], text: 'map_value' },
  rb: { types: [R.MEM | R.RINGBUF], text: 'ringbuf_mem' },
  dyn: { types: [R.STACK], text: 'fp, dynptr_ptr' },
  udyn: { types: [R.STACK], text: 'fp, dynptr_ptr' },
  sk: {
    types: [R.SOCK_COMMON, R.SOCKET, R.TCP_SOCK, R.XDP_SOCK],
    text: 'sock_common, sock, tcp_sock, xdp_sock, ptr_, trusted_ptr_',
  },
  btf: { types: [R.BTF_ID], text: 'ptr_, trusted_ptr_, rcu_ptr_' },
  btf0: { types: [R.BTF_ID], text: 'ptr_, trusted_ptr_, rcu_ptr_' },
  pcpu: { types: [], text: 'percpu_ptr_, percpu_rcu_ptr_, percpu_trusted_ptr_' },
  kptr: { types: [R.MAP_VALUE], text: 'map_value, ptr_' },
}
/** Helpers that take full sockets only. */
const SOCKETS_ONLY = new Set([95, 96])
const MAY_BE_ZERO = new Set<ArgKind>(['val0', 'mem0', 'ctx0', 'stk0', 'btf0'])

export function checkArgument(env: Env, index: number, arg: HelperArg, facts: CallFacts): void {
  const regno = index + 1
  const r = readReg(env, regno)
  if (arg.kind === 'any') {
    if (isSecret(env, r)) env.refuse(EACCES, `R${regno} leaks addr into helper function\n`)
    return
  }
  if (R.isPacketPointer(r.type) && !facts.helper.packetArgs) {
    env.refuse(EACCES, 'helper access to the packet is not allowed\n')
  }
  if (!(MAY_BE_ZERO.has(arg.kind) && R.isNull(r))) {
    checkType(env, regno, r, arg, facts.helper)
    checkOffset(env, regno, r, arg)
  }
  if (arg.released) {
    if (r.refObjId === 0 && !R.isNull(r)) {
      env.refuse(EINVAL, `R${regno} must be referenced when passed to release function\n`)
    }
    facts.releasedReg = regno
  }
  if (r.refObjId !== 0) facts.refObjId = r.refObjId
  checkByKind(env, index, arg, r, facts)
}

function checkType(env: Env, regno: number, r: RegState, arg: HelperArg, helper: Helper): void {
  if (arg.kind === 'any') return
  const accepted = ACCEPTED[arg.kind]
  const type = MAY_BE_ZERO.has(arg.kind) ? r.type & ~R.OR_NULL : r.type
  if (accepted.types.includes(type)) return
  const text =
    arg.kind === 'sk' && SOCKETS_ONLY.has(helper.id) ? 'sock_common, sock, tcp_sock, xdp_sock' : accepted.text
  env.refuse(EACCES, `R${regno} type=${R.typeName(r.type)} expected=${text}\n`)
}

function checkOffset(env: Env, regno: number, r: RegState, arg: HelperArg): void {
  if (arg.released && r.off !== 0) {
    env.refuse(EINVAL, `R${regno} must have zero offset when passed to release func or trusted arg to kfunc\n`)
  }
  switch (R.baseType(r)) {
    case R.STACK:
    case R.PACKET:
    case R.PACKET_META:
    case R.MAP_KEY:
    case R.MAP_VALUE:
    case R.MEM:
    case R.SCALAR:
      return
  }
  checkUnmodified(env, r, regno)
}

function checkByKind(env: Env, index: number, arg: HelperArg, r: RegState, facts: CallFacts): void {
  const regno = index + 1
  switch (arg.kind) {
    case 'map':
      facts.map = r.map
      break
    case 'key': {
      const map = env.maps[facts.map]!
      checkMemoryArg(env, regno, map.keySize, false, false, null)
      if (env.profile.elidesNullCheck && (map.type === M.ARRAY || map.type === M.PERCPU_ARRAY)) {
        facts.constantKey = constantKey(env, r, map.keySize)
      }
      break
    }
    case 'val':
    case 'val0':
    case 'uval':
      if (arg.kind === 'val0' && R.isNull(r)) break
      facts.raw = arg.kind === 'uval'
      checkMemoryArg(env, regno, env.maps[facts.map]!.valueSize, arg.kind === 'uval', false, facts)
      break
    case 'mem':
    case 'mem0':
    case 'rwmem':
    case 'umem':
      facts.raw = arg.kind === 'umem'
      break
    case 'fix':
    case 'ufix':
      facts.raw = arg.kind === 'ufix'
      checkMemoryArg(env, regno, arg.size, arg.kind === 'ufix' || facts.helper.id === 163, false, facts)
      if (arg.kind === 'ufix' || facts.helper.id === 163) checkAlignment(env, env.regs[regno]!, 0, arg.size, true)
      break
    case 'sz':
    case 'sz0':
      checkSize(env, index, arg.kind === 'sz0', facts)
      break
    case 'asz':
      if (!R.isConst(r)) env.refuse(EACCES, `R${regno} is not a known constant'\n`)
      facts.memSize = r.varOff.value.lo
      markPrecise(env, regno)
      break
    case 'fn':
      facts.subprogno = r.subprogno
      break
    case 'str':
      env.refuse(EACCES, `R${regno} does not point to a readonly map'\n`)
      break
    case 'lock':
      env.refuse(EINVAL, `map '${env.maps[r.map]?.name ?? ''}' has to have BTF in order to use bpf_spin_lock\n`)
      break
    case 'kptr':
      env.refuse(EINVAL, `map '${env.maps[r.map]?.name ?? ''}' has to have BTF in order to use bpf_kptr_xchg\n`)
      break
    case 'timer':
      env.refuse(EINVAL, `map '${env.maps[r.map]?.name ?? ''}' has to have BTF in order to use bpf_timer\n`)
      break
    default:
      break
  }
}

const WRITTEN_BY_HELPER = new Set<ArgKind>(['umem', 'rwmem', 'uval', 'ufix'])

/** Size argument: bounded, and the memory of the argument before it is that large. */
function checkSize(env: Env, index: number, zeroAllowed: boolean, facts: CallFacts): void {
  const regno = index + 1
  const r = env.regs[regno]!
  facts.maxSize = r.umax
  if (i64.isNegative(r.smin)) {
    env.refuse(EACCES, `R${regno} min value is negative, either use unsigned or 'var &= const'\n`)
  }
  if (i64.isZero(r.umin) && !zeroAllowed) {
    const range = `[${i64.decimal(r.umin)},${i64.decimal(r.umax)}]`
    env.refuse(EACCES, `R${regno} invalid zero-sized read: u64=${range}\n`)
  }
  if (!i64.ult(r.umax, i64.u64(MAX_VAR_OFF))) {
    env.refuse(EACCES, `R${regno} unbounded memory access, use 'var &= const' or 'if (var < const)'\n`)
  }
  const write = WRITTEN_BY_HELPER.has(facts.helper.args[index - 1]!.kind)
  checkMemoryArg(env, regno - 1, r.umax.lo, write, zeroAllowed, R.isConst(r) ? facts : null)
  markPrecise(env, regno)
}

/** `size` bytes behind register `regno`. */
function checkMemoryArg(
  env: Env,
  regno: number,
  size: number,
  write: boolean,
  zeroAllowed: boolean,
  facts: CallFacts | null,
): void {
  const r = env.regs[regno]!
  const cannotWrite = (): never => env.refuse(EACCES, `R${regno} cannot write into ${R.typeName(r.type)}\n`)
  switch (R.baseType(r)) {
    case R.PACKET:
    case R.PACKET_META:
      checkPacketAccess(env, regno, r.off, size, zeroAllowed)
      break
    case R.MAP_KEY:
      if (write) cannotWrite()
      checkRegion(env, regno, r.off, size, env.maps[r.map]!.keySize, false)
      break
    case R.MAP_VALUE:
      checkMapPermission(env, regno, r.off, size, write)
      checkMapValue(env, regno, r.off, size, zeroAllowed)
      break
    case R.MEM:
      if (write && (r.type & R.RDONLY) !== 0) cannotWrite()
      checkRegion(env, regno, r.off, size, r.memSize, zeroAllowed)
      break
    case R.STACK: {
      const raw = facts?.raw ?? false
      if (checkStackInitialised(env, regno, r.off, size, { zeroSize: zeroAllowed, write, raw }) && facts) {
        facts.filledReg = regno
        facts.filledBytes = size
      }
      break
    }
    default:
      if (zeroAllowed && size === 0 && R.isNull(r)) break
      env.refuse(EACCES, `R${regno} type=${R.typeName(r.type)} expected=fp\n`)
  }
}

/** The key that the stack holds, where it is a known constant; relies on it. */
function constantKey(env: Env, key: RegState, size: number): number {
  if (key.type !== R.STACK || !tnum.isConst(key.varOff)) return -1
  const frame = frameOf(env, key)
  const at = -(key.off + key.varOff.value.lo) - 1
  const slot = frame.stack[at >> 3]
  if (!slot) return -1
  let zeros = 0
  for (let byte = at & 7; byte >= 0 && slot.kind(byte) === S.ZERO; byte--) zeros++
  if (zeros >= size) return 0
  if (!slot.isSpill || slot.reg!.type !== R.SCALAR) return -1
  let spilled = 0
  for (let byte = at & 7; byte >= 0 && slot.kind(byte) === S.SPILL; byte--) spilled++
  if (spilled !== size || !tnum.isConst(slot.reg!.varOff)) return -1
  markSlotPrecise(env, key.frameno, at >> 3)
  const value = slot.reg!.varOff.value
  return value.hi === 0 ? value.lo >>> 0 : -1
}
