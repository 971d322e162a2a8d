/**
 * A call of a helper: may this program call it, are the arguments right, what holds after it.
 */
import { EACCES, EINVAL, type Env } from './env'
import { sync } from './bounds'
import { helperMovesPacket } from './cfg'
import { pushCallback } from './callbacks'
import { CallFacts, checkArgument } from './helper-args'
import { HELPER_COUNT, helperFor, helperName } from './helper-table'
import type { Helper } from './helper-table'
import * as i64 from './int64'
import * as M from './maps'
import { checkAccess } from './memory'
import { pushBranch } from './pending'
import { markPrecise } from './precision'
import { acquireReference, checkNothingHeld, lostPointer, releaseObject } from './references'
import * as R from './reg-state'
import { UNKNOWN_SCALAR } from './reg-state'
import { forgetCallerSaved } from './registers'
import { returnFromCall } from './calls'

const GPL_LICENSES = new Set([
  'GPL',
  'GPL v2',
  'GPL and additional rights',
  'Dual BSD/GPL',
  'Dual MIT/GPL',
  'Dual MPL/GPL',
])
const TAIL_CALL = 12
const DYNPTR_FROM_MEM = 197
/** CPUs of the machine whose log this is: `bpf_get_smp_processor_id` is below. */
const CPUS = 2
/** Helpers that change a map from the program's side. */
const MAP_WRITERS = new Set([2, 3, 87, 88])

/** Gives the instruction to go on with. */
export function checkHelperCall(env: Env): number {
  const { insns, insn } = env
  const id = insns.imm[insn]!
  const helper = permitted(env, id)
  const facts = new CallFacts(helper)
  helper.args.forEach((arg, k) => checkArgument(env, k, arg, facts))
  checkMapUse(env, facts)
  if (id === DYNPTR_FROM_MEM && env.regs[1]!.type !== R.MAP_VALUE) {
    env.refuse(EACCES, `Unsupported reg type ${R.typeName(env.regs[1]!.type)} for bpf_dynptr_from_mem data\n`)
  }
  for (let k = 0; k < facts.filledBytes; k++) {
    checkAccess(env, {
      regno: facts.filledReg,
      off: k,
      size: 1,
      write: true,
      value: -1,
      signed: false,
      def: 0,
      aligned: false,
    })
  }
  if (facts.releasedReg >= 0 && facts.refObjId !== 0) releaseObject(env, facts.refObjId)
  if (id === TAIL_CALL) checkNothingHeld(env, 'tail_call')
  if (helper.args.some((a) => a.kind === 'fn')) pushCallback(env, id, facts)
  forgetCallerSaved(env)
  setResult(env, helper, facts)
  if (facts.map >= 0 && !M.mapFitsHelper(env.maps[facts.map]!, id)) {
    env.refuse(EINVAL, `cannot pass map_type ${env.maps[facts.map]!.type} into func bpf_${helper.name}#${id}\n`)
  }
  if (helperMovesPacket(id)) forgetPacketPointers(env)
  if (id === TAIL_CALL && env.curFrame > 0) {
    // The other program may have done anything to the packet, and its result is this function's.
    env.touched.reg(0)
    pushBranch(env, insn + 1, insn, false)
    forgetPacketPointers(env)
    env.regs[0] = UNKNOWN_SCALAR
    env.liveStack.update(env.state)
    const next = returnFromCall(env)
    env.returned = false
    return next
  }
  return insn + 1
}

function permitted(env: Env, id: number): Helper {
  const helper = helperFor(id, env.progType, env.perfmon)
  if (helper === undefined) {
    const name = helperName(id)
    if (name === undefined || id >= HELPER_COUNT) env.refuse(EINVAL, `invalid func unknown#${id}\n`)
    return env.refuse(EINVAL, env.profile.wrongHelperText(name!, id))
  }
  if (helper.gplOnly && !GPL_LICENSES.has(env.license)) {
    env.refuse(EINVAL, 'cannot call GPL-restricted function from non-GPL compatible program\n')
  }
  if (helper.sleeps) env.refuse(EINVAL, 'helper call might sleep in a non-sleepable prog\n')
  return helper
}

function checkMapUse(env: Env, facts: CallFacts): void {
  const { id } = facts.helper
  const map = env.maps[facts.map]
  if (map && MAP_WRITERS.has(id) && (map.flags & M.F_RDONLY_PROG) !== 0) {
    env.refuse(EACCES, 'write into map forbidden\n')
  }
  if (id !== TAIL_CALL) return
  if (map?.type !== M.PROG_ARRAY) env.refuse(EINVAL, env.profile.tailCallMapText)
  const seen = env.marks.tailMap[env.insn]!
  env.marks.tailMap[env.insn] = seen === -1 || seen === facts.map ? facts.map : -2
  const index = env.regs[3]!
  if (R.isConst(index) && index.type === R.SCALAR && i64.ult(index.varOff.value, i64.u64(map!.maxEntries))) {
    markPrecise(env, 3)
  }
}

/** After the walk: without CAP_PERFMON a tail call is rewritten to check its index, which needs one map. */
export function checkTailCalls(env: Env): void {
  if (env.perfmon || !env.marks.tailMap.includes(-2)) return
  env.refuse(EINVAL, 'tail_call abusing map_ptr\n')
}

export function forgetPacketPointers(env: Env): void {
  const gone = lostPointer(env)
  env.state.replaceRegs((r) => (R.isAnyPacketPointer(r.type) ? gone : r))
}

function setResult(env: Env, helper: Helper, facts: CallFacts): void {
  const r = env.frame.fresh(0)
  r.subregDef = 0
  const map = env.maps[facts.map]
  const pointer = (type: number): void => r.setPointer(type)
  switch (helper.returns) {
    case 'int':
      r.setUnknown()
      break
    case 'void':
      env.frame.forget(0)
      return
    case 'value?':
    case 'value': {
      const known =
        helper.returns === 'value' ||
        (helper.id === 1 && map !== undefined && facts.constantKey >= 0 && facts.constantKey < map.maxEntries)
      pointer(R.MAP_VALUE | (known ? 0 : R.OR_NULL))
      r.map = facts.map
      break
    }
    case 'rbmem?':
      pointer(R.MEM | R.RINGBUF | R.OR_NULL)
      r.memSize = facts.memSize
      break
    case 'mem?':
      pointer(R.MEM | R.OR_NULL)
      r.memSize = facts.memSize
      break
    case 'sock?':
      pointer(R.SOCKET | R.OR_NULL)
      break
    case 'sock_common?':
      pointer(R.SOCK_COMMON | R.OR_NULL)
      break
    case 'tcp_sock?':
      pointer(R.TCP_SOCK | R.OR_NULL)
      break
    case 'btf?':
      pointer(R.BTF_ID | R.OR_NULL)
      break
    case 'btf':
      pointer(R.BTF_ID)
      break
  }
  if ((r.type & R.OR_NULL) !== 0) r.id = env.newId()
  const socketFromMap = helper.id === 1 && (map?.type === M.SOCKMAP || map?.type === M.SOCKHASH)
  if (helper.acquires || socketFromMap) {
    const id = acquireReference(env)
    r.id = id
    r.refObjId = id
  }
  refineResult(r, helper.id, facts)
}

/** Helpers whose result is known to lie in a range. */
function refineResult(r: R.RegState, id: number, facts: CallFacts): void {
  if (id === 8) {
    r.smin = i64.ZERO
    r.smax = i64.s64(CPUS - 1)
    r.umin = i64.ZERO
    r.umax = r.smax
    r.s32min = 0
    r.s32max = CPUS - 1
    r.u32min = 0
    r.u32max = CPUS - 1
    sync(r)
  } else if (id === 67 || id === 141 || id === 45 || id === 114 || id === 115) {
    const max = facts.maxSize
    r.smax = max
    r.s32max = max.lo
    r.smin = i64.s64(-4095)
    r.s32min = -4095
    sync(r)
  }
}
