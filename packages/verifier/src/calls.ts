/**
 * Calls between functions of the program, returns, and the end of the program.
 * Static functions are walked in place, in a new frame; global ones are walked once by themselves with unknown arguments.
 */
import { E2BIG, EACCES, EINVAL, MAX_FRAMES, type Env, type Subprogram } from './env'
import { KIND_ENUM, KIND_ENUM64, KIND_INT, KIND_PTR, KIND_STRUCT, strip } from './btf'
import { subprogramIndex } from './cfg'
import { forgetPacketPointers } from './helper-call'
import * as i64 from './int64'
import { previousEntry, widen } from './loops'
import { markPrecise } from './precision'
import { checkNothingHeld } from './references'
import * as R from './reg-state'
import { UNKNOWN_SCALAR, type RegState } from './reg-state'
import { forgetCallerSaved, isSecret, readReg } from './registers'
import { Frame, FP, type ReturnRange } from './state'
import { ARGUMENTS, CALLER_SAVED } from './wide-reads'

/** A frame with nothing but its frame pointer. */
export function newFrame(frameno: number, subprogno: number, callsite: number): Frame {
  const frame = new Frame(frameno, subprogno, callsite)
  const fp = new R.RegState()
  fp.setPointer(R.STACK)
  fp.frameno = frameno
  frame.regs[FP] = fp
  return frame
}

/** A call with src_reg 1; gives the instruction to go on with. */
export function checkFunctionCall(env: Env): number {
  const { insn } = env
  const k = subprogramIndex(env, insn + env.insns.imm[insn]! + 1)
  const sub = env.subprograms[k]!
  return sub.global ? callGlobal(env, k, sub) : callStatic(env, k, sub)
}

function callGlobal(env: Env, k: number, sub: Subprogram): number {
  if (!argumentsMatch(env, k, sub)) {
    env.refuse(EINVAL, `Caller passes invalid args into func#${k} ('${sub.name}')\n`)
  }
  if (env.log.walks) env.say(`Func#${k} ('${sub.name}') is global and assumed valid.\n`)
  if (sub.movesPacket) forgetPacketPointers(env)
  sub.called = true
  forgetCallerSaved(env)
  env.regs[0] = UNKNOWN_SCALAR
  return env.insn + 1
}

/** Kinds of a global function's parameters. */
export type ParamKind = 'scalar' | 'ctx' | 'mem' | 'unknown'

export function paramsOf(env: Env, sub: Subprogram): ParamKind[] {
  const { btf } = env
  if (!btf || !sub.funcInfo) return []
  const func = btf.types[sub.funcInfo.typeId]
  const proto = func ? btf.types[func.sizeOrType] : undefined
  return (proto?.params ?? []).map((id) => {
    const type = strip(btf, id)
    if (type.kind === KIND_INT || type.kind === KIND_ENUM || type.kind === KIND_ENUM64) return 'scalar'
    if (type.kind !== KIND_PTR) return 'unknown'
    const target = strip(btf, type.sizeOrType)
    if (target.kind === KIND_STRUCT && /^(xdp_md|__sk_buff)$/.test(target.name)) return 'ctx'
    return 'mem'
  })
}

function argumentsMatch(env: Env, k: number, sub: Subprogram): boolean {
  if (k === 0) return false
  return paramsOf(env, sub).every((kind, n) => {
    const r = env.regs[n + 1]!
    const name = `R${n + 1}`
    if (kind === 'scalar' && r.type !== R.SCALAR) {
      env.say(`${name} is not a scalar\n`)
      return false
    }
    if (kind === 'ctx' && r.type !== R.CTX) {
      env.say(`${name} type=${R.typeName(r.type)} expected=ctx\n`)
      return false
    }
    return kind !== 'unknown'
  })
}

function callStatic(env: Env, k: number, sub: Subprogram): number {
  const caller = env.frame
  const callee = enterFrame(env, k)
  for (let n = 1; n <= 5; n++) callee.regs[n] = caller.regs[n]!
  callee.written = caller.written | ~ARGUMENTS
  forgetArguments(env, caller)
  if (env.log.walks) {
    env.say('caller:\n')
    env.printState(env.state, caller.frameno, true)
    env.say('callee:\n')
    env.printState(env.state, env.curFrame, true)
  }
  return sub.start
}

function forgetArguments(env: Env, caller: Frame): void {
  caller.written |= CALLER_SAVED
  for (let n = 0; n <= 5; n++) {
    caller.forget(n)
    env.touched.reg(n)
  }
}

/** Pushes a frame for subprogram `k`, called at the present instruction. */
export function enterFrame(env: Env, k: number, state = env.state): Frame {
  const depth = state.frames.length
  if (depth >= MAX_FRAMES) env.refuse(E2BIG, `the call stack of ${depth + 1} frames is too deep\n`)
  const frame = newFrame(depth, k, env.insn)
  state.frames.push(frame)
  env.touched.all()
  if (state === env.state) env.liveStack.leave()
  return frame
}

/** `exit`: back to the caller (instruction to go on with), or the end of the path (undefined). */
export function checkExit(env: Env): number | undefined {
  checkNothingHeld(env, 'BPF_EXIT instruction in main prog')
  if (env.curFrame > 0) {
    env.liveStack.update(env.state)
    return returnFromCall(env)
  }
  checkResult(env)
  return undefined
}

export function returnFromCall(env: Env): number {
  const { state } = env
  const callee = env.frame
  const caller = state.frames[env.curFrame - 1]!
  const r0 = callee.regs[0]!
  if (r0.type === R.STACK) env.refuse(EINVAL, 'cannot return stack pointer to the caller\n')
  let next = callee.callsite + 1
  if (callee.callbackRange) {
    checkCallbackResult(env, r0, callee.callbackRange)
    next = callee.callsite
  } else {
    caller.regs[0] = r0
    caller.written = (caller.written & ~1) | (callee.written & 1)
  }
  if (env.log.walks) {
    env.say('returning from callee:\n')
    env.printState(state, callee.frameno, true)
    env.say(`to caller at ${next}:\n`)
    env.printState(state, caller.frameno, true)
  }
  state.frames.pop()
  env.liveStack.leave()
  if (callee.callbackRange) {
    const previous = previousEntry(state, state.parent, next)
    if (previous) widen(previous, state)
  }
  env.returned = true
  return next
}

function checkCallbackResult(env: Env, r0: RegState, range: ReturnRange): void {
  if (r0.type !== R.SCALAR) env.refuse(EACCES, 'R0 not a scalar value\n')
  markPrecise(env, 0)
  checkRange(env, r0, range, 'At callback return')
}

function checkRange(env: Env, r: RegState, range: ReturnRange, where: string): void {
  if (i64.sle(i64.s64(range.min), r.smin) && i64.sle(r.smax, i64.s64(range.max))) return
  let text = ''
  if (!i64.eq(r.smin, i64.S64_MIN)) text += ` smin=${i64.decimal(r.smin)}`
  if (!i64.eq(r.smax, i64.S64_MAX)) text += ` smax=${i64.decimal(r.smax)}`
  if (text === '') text = ' unknown scalar value'
  env.refuse(EINVAL, `${where} the register R0 has${text} should have been in [${range.min}, ${range.max}]\n`)
}

/** The value a program (or a global function) ends with. */
function checkResult(env: Env): void {
  const r0 = readReg(env, 0)
  if (isSecret(env, r0)) env.refuse(EACCES, 'R0 leaks addr as return value\n')
  const name = R.typeName(r0.type)
  if (env.frame.subprogno > 0) {
    if (r0.type !== R.SCALAR) {
      env.refuse(EINVAL, `At subprogram exit the register R0 is not a scalar value (${name})\n`)
    }
    return
  }
  if (env.progType !== 'cgroup_skb') return
  if (r0.type !== R.SCALAR) {
    env.refuse(EINVAL, `At program exit the register R0 is not a known value (${name})\n`)
  }
  markPrecise(env, 0)
  checkRange(env, env.regs[0]!, { min: 0, max: 1 }, 'At program exit')
}
