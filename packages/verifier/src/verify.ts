/**
 * The verifier's front door: from a request to a verdict with log, counts and, if asked, recorded steps.
 * Passes in the kernel's order; whichever refuses first ends it. Never throws for any input.
 */
import type { VerifyRequest, VerifyResult } from './api'
import { parseBtf, parseFuncInfo, strip, KIND_ENUM, KIND_ENUM64, KIND_INT } from './btf'
import { useBoundsRules } from './bounds'
import { checkControlFlow, findLiveRegisters, findLoops, printLiveRegisters } from './cfg'
import { removeDeadCode } from './dead-code'
import { Cancelled, E2BIG, EINVAL, Env, Refusal } from './env'
import { hookView } from './driver-view'
import { checkTailCalls } from './helper-call'
import { Insns } from './insns'
import { Log } from './log'
import { mapInfo } from './maps'
import { profileOf } from './profile'
import { Recorder } from './record'
import { checkStackDepth } from './stack-depth'
import { checkSubprograms, findSubprograms, refuseEmptyCalls, resolveReferences } from './subprograms'
import { walkAll } from './walk'

/** Verifies a program as the kernel of `request.kernel` (6.18 by default) would. */
export function verify(request: VerifyRequest): VerifyResult {
  const profile = profileOf(request.kernel ?? '6.18')
  const level = request.logLevel ?? 0
  useBoundsRules(profile.bounds)
  const insns = new Insns(request.insns)
  const log = new Log(level)
  const env = new Env(request, insns, (request.maps ?? []).map(mapInfo), profile, log)
  const recorder = request.record ? new Recorder() : undefined
  if (insns.length === 0 || insns.length > profile.maxInsns) {
    return result(env, 'reject', E2BIG, 'kernel', recorder, '')
  }
  let verdict: VerifyResult['verdict'] = 'accept'
  let errno = 0
  let by: 'kernel' | 'driver' = 'kernel'
  try {
    runPasses(env, recorder)
  } catch (e) {
    if (e instanceof Cancelled) verdict = 'cancelled'
    else if (e instanceof Refusal) {
      verdict = 'reject'
      errno = e.errno
      by = e.by
    } else throw e
  }
  const error = verdict !== 'reject' ? '' : by === 'driver' ? lastLine(env) : env.error
  printStatistics(env)
  return result(env, verdict, errno, by, recorder, error)
}

function runPasses(env: Env, recorder: Recorder | undefined): void {
  findSubprograms(env)
  checkSubprograms(env)
  readBtf(env)
  resolveReferences(env)
  const { driver } = env
  if (driver) {
    const hook = hookView(env)
    checkDriver(driver.prepare(env.insns.bytes, hook))
  }
  checkControlFlow(env)
  findLoops(env)
  findLiveRegisters(env)
  if (env.log.full && env.profile.logsLiveRegisters) printLiveRegisters(env)
  walkAll(env, recorder)
  if (driver) {
    const subprograms = env.subprograms.map((s) => ({ start: s.start, stackDepth: s.stackDepth }))
    checkDriver(driver.finalize({ log: (text) => env.say(text), subprograms, zext: env.marks.zext }))
  }
  checkStackDepth(env)
  refuseEmptyCalls(env)
  if (driver) removeDeadCode(env)
  else checkTailCalls(env)
}

function checkDriver(errno: number): void {
  if (errno !== 0) throw new Refusal(Math.abs(errno), 'driver')
}

/** Names and linkage of functions; what may only be done with BTF. */
function readBtf(env: Env): void {
  const { request, subprograms } = env
  const btf = request.btf ? parseBtf(request.btf) : undefined
  const infos = request.funcInfo ? parseFuncInfo(request.funcInfo) : []
  subprograms.forEach((sub, k) => (sub.name = k === 0 ? 'main' : `f${k}`))
  if (!btf || infos.length === 0) {
    for (const sub of subprograms.slice(1)) {
      if (sub.hasLdAbs) env.refuse(EINVAL, 'LD_ABS is not allowed in subprogs without BTF\n')
      if (sub.hasTailCall) env.refuse(EINVAL, 'tail_call is not allowed in subprogs without BTF\n')
    }
    return
  }
  env.btf = btf
  env.funcInfos = infos
  if (infos.length !== subprograms.length) {
    env.refuse(EINVAL, "number of funcs in func_info doesn't match number of subprogs\n")
  }
  infos.forEach((info, k) => {
    const sub = subprograms[k]!
    if (sub.start !== info.insn) {
      env.refuse(EINVAL, "func_info BTF section doesn't match subprog layout in BPF program\n")
    }
    const func = btf.types[info.typeId]
    if (func === undefined || func.kind !== 12) return env.refuse(EINVAL, `invalid type id ${info.typeId} in func info`)
    sub.name = func.name
    sub.global = func.vlen === 1
    sub.funcInfo = info
    const proto = btf.types[func.sizeOrType]
    const returned = strip(btf, proto?.sizeOrType ?? 0).kind
    const scalar = returned === KIND_INT || returned === KIND_ENUM || returned === KIND_ENUM64
    if (k === 0 || scalar) return
    if (sub.hasLdAbs) env.refuse(EINVAL, "LD_ABS is only allowed in functions that return 'int'.\n")
    if (sub.hasTailCall) env.refuse(EINVAL, "tail_call is only allowed in functions that return 'int'.\n")
  })
}

/** The last thing said: the driver's reason. */
function lastLine(env: Env): string {
  const text = env.log.text()
  return text.replace(/\n+$/, '').split('\n').pop() ?? ''
}

function printStatistics(env: Env): void {
  if (env.log.level & 4) {
    const depths = env.subprograms.map((s) => s.stackDepth).join('+')
    env.say(`verification time 0 usec\nstack depth ${depths}\n`)
  }
  env.say(
    `processed ${env.processed} insns (limit ${env.profile.maxProcessed}) max_states_per_insn ${env.maxStatesPerInsn} ` +
      `total_states ${env.totalStates} peak_states ${env.peakStates} mark_read 0\n`,
  )
}

function result(
  env: Env,
  verdict: VerifyResult['verdict'],
  errno: number,
  refusedBy: 'kernel' | 'driver',
  recorder: Recorder | undefined,
  error: string,
): VerifyResult {
  const silent = env.log.level === 0 || env.processed + env.log.end === 0
  return {
    verdict,
    errno,
    error,
    log: silent ? '' : env.log.text(),
    ...(verdict === 'reject' ? { refusedBy } : {}),
    ...(verdict === 'reject' && env.processed > 0 ? { errorInsn: env.insn } : {}),
    processedInsns: env.processed,
    maxStatesPerInsn: env.maxStatesPerInsn,
    totalStates: env.totalStates,
    peakStates: env.peakStates,
    stackDepth: env.subprograms.map((s) => s.stackDepth),
    ...(recorder ? { steps: recorder.steps, stepsTruncated: recorder.truncated } : {}),
    ...(recorder && verdict === 'reject'
      ? { pending: env.pending.map(({ state, insn }) => ({ insn, parent: state.step })) }
      : {}),
    ...(env.log.truncated ? { logTruncated: true } : {}),
    ...(verdict === 'accept' ? { seen: env.marks.seen } : {}),
  }
}
