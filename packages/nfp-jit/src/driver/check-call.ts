/** Checks of helper calls: does the firmware have it, are the arguments of a kind it takes? nfp-offload.md, 6.1. */
import type { RegView } from '@offload/verifier'
import {
  HELPER_ADJUST_HEAD,
  HELPER_ADJUST_TAIL,
  HELPER_MAP_DELETE,
  HELPER_MAP_LOOKUP,
  HELPER_MAP_UPDATE,
  HELPER_PERF_EVENT_OUTPUT,
  HELPER_PRANDOM,
} from '../emit/helpers'
import { EINVAL, EOPNOTSUPP } from '../errno'
import { PTR_MAP_VALUE, PTR_PACKET, PTR_SCALAR, PTR_STACK } from '../program-info'
import { isConstant, knownOffset } from './check-context'
import type { CheckContext, InsnCheck } from './check-context'
import { USE_ATOMIC } from './map-word-uses'

/** Bit of the adjust_head flags: packets carry no metadata that would have to be moved. */
const FLAG_NO_META = 1
/** Largest delta that leaves an Ethernet header of the shortest frame (60 bytes). */
const LARGEST_SAFE_DELTA = 46
/** Kernel's kind of a stack byte known to be 0. */
const STACK_ZERO = 3

export const checkHelperCall: InsnCheck = (cx) => {
  const id = cx.program.imm[cx.insn]!
  const failed = checkHelper(cx, id)
  if (failed !== 0) return failed
  const { program: p, env, insn } = cx
  const key = env.reg(2)
  p.helper[insn] = id
  p.arg1Type[insn] = env.reg(id === HELPER_PERF_EVENT_OUTPUT ? 4 : 1).type
  p.arg2Off[insn] = key.off
  p.arg2Var[insn] = key.varOff.value.lo
  return 0
}

function checkHelper(cx: CheckContext, id: number): number {
  const { env, firmware } = cx
  const { helpers } = firmware
  const missing = (text: string): number => cx.refuse(EOPNOTSUPP, 'helper-missing', text)
  switch (id) {
    case HELPER_ADJUST_HEAD:
      return checkAdjustHead(cx)
    case HELPER_ADJUST_TAIL:
      return firmware.adjustTail ? 0 : missing('adjust_tail not supported by FW')
    case HELPER_MAP_LOOKUP:
      return helpers.lookup ? checkStackArgument(cx, 'map_lookup', 2) : missing('map_lookup: not supported by FW')
    case HELPER_MAP_DELETE:
      return helpers.delete ? checkStackArgument(cx, 'map_delete', 2) : missing('map_delete: not supported by FW')
    case HELPER_MAP_UPDATE:
      if (!helpers.update) return missing('map_update: not supported by FW')
      return (
        checkStackArgument(cx, 'map_update', 2) ||
        checkStackArgument(cx, 'map_update', 3) ||
        checkUpdateValue(cx, env.reg(1), env.reg(3))
      )
    case HELPER_PRANDOM:
      if (firmware.random) return 0
      return missing("bpf_get_prandom_u32(): FW doesn't support random number generation")
    case HELPER_PERF_EVENT_OUTPUT:
      return helpers.perfEventOutput ? checkEventOutput(cx) : missing('event_output: not supported by FW')
    default:
      return cx.refuse(EOPNOTSUPP, 'helper-unknown', `unsupported function id: ${id}`)
  }
}

function checkAdjustHead(cx: CheckContext): number {
  const { adjustHead } = cx.firmware
  if (adjustHead.offMax === 0) return cx.refuse(EOPNOTSUPP, 'helper-missing', 'adjust_head not supported by FW')
  if (!(adjustHead.flags & FLAG_NO_META)) {
    const text = 'adjust_head: FW requires shifting metadata, not supported by the driver'
    return cx.refuse(EOPNOTSUPP, 'adjust-head-meta', text)
  }
  recordAdjustHead(cx)
  return 0
}

/**
 * One call with a constant delta, for which the firmware guarantees room, needs no checks at run time. As soon as any
 * visit disagrees, no call of the program counts as such. Locations: 0 no call seen, −1 none.
 */
function recordAdjustHead({ env, program: p, firmware, insn }: CheckContext): void {
  const delta = env.reg(2)
  const { guaranteedSub, guaranteedAdd } = firmware.adjustHead
  const value = delta.varOff.value.lo | 0
  const fits = isConstant(delta) && value <= LARGEST_SAFE_DELTA && value >= -guaranteedSub && value <= guaranteedAdd
  const first = p.adjustHeadLocation === 0
  const again = p.adjustHeadLocation === insn && p.arg2Var[insn] === value
  p.adjustHeadLocation = fits && (first || again) ? insn : -1
}

function checkStackArgument(cx: CheckContext, name: string, register: 2 | 3 | 4): number {
  const { env, program: p, insn } = cx
  const reg = env.reg(register)
  if (reg.type !== PTR_STACK) {
    return cx.refuse(EOPNOTSUPP, 'argument-not-stack', `${name}: unsupported ptr type ${reg.type}`)
  }
  if (!isConstant(reg)) return cx.refuse(EOPNOTSUPP, 'argument-variable', `${name}: variable pointer`)
  const offset = knownOffset(reg)
  if (offset % 4 !== 0) {
    return cx.refuse(EOPNOTSUPP, 'argument-unaligned', `${name}: unaligned stack pointer ${-offset}`)
  }
  const visitedBefore = p.helper[insn] !== 0
  if (register === 2 && visitedBefore && ((p.arg2Off[insn]! + p.arg2Var[insn]!) | 0) !== offset) p.arg2Varies[insn] = 1
  return 0
}

/** Words of the new value that may not be 0 cannot be counters: the card reads those in the other byte order. */
function checkUpdateValue(cx: CheckContext, map: RegView, value: RegView): number {
  const { env, mapUses } = cx
  const uses = mapUses[map.map]
  const size = env.maps[map.map]?.value_size ?? 0
  if (!uses) return 0
  const from = knownOffset(value)
  for (let i = 0; i < size; i++) {
    if (env.stackSlot(value.frameno, from + i) === STACK_ZERO) continue
    const word = i >>> 2
    if (uses.use[word] === USE_ATOMIC) {
      const distance = -(from + i) - 1
      const text =
        `value at offset ${i}/${distance} may be non-zero, bpf_map_update_elem() is required to initialize ` +
        'atomic counters to zero to avoid offload endian issues'
      return cx.refuse(EOPNOTSUPP, 'counter-not-zero', text)
    }
    uses.nonZeroUpdate[word] = 1
  }
  return 0
}

const EVENT_DATA_TYPES: readonly number[] = [PTR_SCALAR, PTR_STACK, PTR_MAP_VALUE, PTR_PACKET]

function checkEventOutput(cx: CheckContext): number {
  const { env, program: p, insn } = cx
  const flags = env.reg(3)
  if (flags.varOff.mask.lo !== 0 || flags.varOff.value.lo >>> 0 !== 0xffffffff) {
    const text = `event_output: must use BPF_F_CURRENT_CPU, var_off: ${env.tnumText(flags.varOff)}`
    return cx.refuse(EOPNOTSUPP, 'event-flags', text)
  }
  const { type } = env.reg(4)
  if (!EVENT_DATA_TYPES.includes(type)) {
    return cx.refuse(EOPNOTSUPP, 'event-data', `event_output: unsupported ptr type: ${type}`)
  }
  if (type === PTR_STACK) {
    const failed = checkStackArgument(cx, 'event_output', 4)
    if (failed !== 0) return failed
  }
  env.log('[nfp] warning: return codes and behavior of event_output helper differ for offload!\n')
  if (p.helper[insn] !== 0 && p.arg1Type[insn] !== type) {
    return cx.refuse(EINVAL, 'event-data-changed', `event_output: ptr type changed: ${p.arg1Type[insn]} ${type}`)
  }
  return 0
}
