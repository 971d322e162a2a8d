/**
 * The walk: from the entry along every path, instruction by instruction, branches kept for later, until none is left.
 * Order of printing, driver hook and check as the kernel's main loop has it (nfp-offload.md, section 2, step 5).
 */
import { Cancelled, E2BIG, EACCES, EINVAL, EPERM, EFAULT, Refusal, type Env } from './env'
import { newFrame, paramsOf } from './calls'
import { hookView } from './driver-view'
import { visitOf } from './visit'
import { noteJump } from './history'
import { checkInsn } from './insn-check'
import { LiveStack } from './live-stack'
import { SccVisits } from './loops'
import { Explored, visitCheckpoint } from './prune'
import type { Recorder } from './record'
import * as R from './reg-state'
import { UNKNOWN_SCALAR } from './reg-state'
import { MAIN_CALLSITE, State } from './state'

/** Instructions between two questions whether to stop. */
const CANCEL_INTERVAL = 4096
/** States of ended paths that are kept for new ones: most branches end soon after they were made. */
const MAX_SPARE = 64

/** Walks the main program, then every global function that was called. */
export function walkAll(env: Env, record: Recorder | undefined): void {
  walkFunction(env, 0, record)
  for (let again = true; again;) {
    again = false
    for (let k = 1; k < env.subprograms.length; k++) {
      const sub = env.subprograms[k]!
      if (!sub.global || !sub.called || sub.verified) continue
      sub.verified = true
      again = true
      if (env.log.walks) env.say(`Validating ${sub.name}() func#${k}...\n`)
      walkFunction(env, k, record)
      if (env.log.walks) env.say(`Func#${k} ('${sub.name}') is safe for any args that match its prototype\n`)
    }
  }
}

function walkFunction(env: Env, subprogno: number, record: Recorder | undefined): void {
  const sub = env.subprograms[subprogno]!
  const state = new State()
  const frame = newFrame(0, subprogno, MAIN_CALLSITE)
  state.frames.push(frame)
  if (subprogno === 0) frame.regs[1] = pointer(R.CTX)
  else paramsOf(env, sub).forEach((kind, n) => (frame.regs[n + 1] = kind === 'ctx' ? pointer(R.CTX) : UNKNOWN_SCALAR))
  state.firstInsn = sub.start
  state.lastInsn = -1
  state.speculative = false
  env.state = state
  env.pending = []
  env.insn = sub.start
  env.prevInsn = -1
  env.touched.all()
  env.log.lineEnd = 0
  env.liveStack = new LiveStack(env)
  env.sccs = new SccVisits(env)
  walkPaths(env, new Explored(), record)
  // Below level 2 nothing of a walk that went well stays in the log.
  if (!env.log.full) env.log.rewind(0)
}

function pointer(type: number): R.RegState {
  const r = new R.RegState()
  r.setPointer(type)
  return r
}

const recoverable = (e: unknown): boolean =>
  e instanceof Refusal && e.by === 'kernel' && (e.errno === EPERM || e.errno === EACCES || e.errno === EINVAL)

function walkPaths(env: Env, explored: Explored, record: Recorder | undefined): void {
  const { log, marks, profile } = env
  const hook = env.driver ? hookView(env) : undefined
  let previous = -1
  let printAll = false
  for (;;) {
    env.historyEntry = 0
    env.prevInsn = previous
    if (env.insn >= env.insns.length || env.insn < 0) {
      env.refuse(EFAULT, `invalid insn idx ${env.insn} insn_cnt ${env.insns.length}\n`)
    }
    if (++env.processed > profile.maxProcessed) {
      env.refuse(E2BIG, `BPF program is too large. Processed ${env.processed} insn\n`)
    }
    if (env.processed % CANCEL_INTERVAL === 0 && env.request.cancelled?.()) throw new Cancelled()
    const { state } = env
    state.lastInsn = previous
    state.insn = env.insn
    let ended = false
    if (marks.prune[env.insn] && visitCheckpoint(env, explored)) {
      if (log.walks) {
        if (printAll) env.say(`\nfrom ${previous} to ${env.insn}${speculation(state)}: safe\n`)
        else env.say(`${env.insn}: safe\n`)
      }
      record?.covered(env)
      ended = true
    } else {
      if (marks.jump[env.insn]) noteJump(env)
      if (log.full && printAll) {
        env.say(`\nfrom ${previous} to ${env.insn}${speculation(state)}:`)
        env.printState(state, env.curFrame, true)
        printAll = false
      }
      if (log.walks) printInsn(env)
      record?.step(env)
      if (env.request.visit && !state.speculative) env.request.visit(visitOf(env))
      if (hook) {
        const errno = env.driver!.insn(hook, env.insn, previous)
        if (errno !== 0) throw new Refusal(Math.abs(errno), 'driver')
      }
      if (!state.speculative) marks.seen[env.insn] = 1
      previous = env.insn
      if (state.speculative && marks.nospec[env.insn]) ended = true
      else {
        env.returned = false
        const next = step(env)
        if (env.returned) printAll = true
        if (next === undefined) ended = true
        else if (state.speculative && marks.nospecResult[previous]) ended = true
        else env.insn = next
      }
    }
    if (!ended) continue
    env.touched.all()
    endPath(env)
    const branch = env.pending.pop()
    if (!branch) return
    if (env.spareStates.length < MAX_SPARE) env.spareStates.push(env.state)
    env.state = branch.state
    env.liveStack.leave()
    env.insn = branch.insn
    previous = branch.prev
    if (!log.full && log.walks && env.log.level !== 0) log.rewind(branch.logEnd)
    printAll = true
  }
}

const speculation = (state: State): string => (state.speculative ? ' (speculative execution)' : '')

function printInsn(env: Env): void {
  const { log } = env
  if (env.touched.any) env.printTouched()
  log.lineEnd = log.end
  const line = `${env.insn}: ${env.insnText(env.insn)}`
  log.write(`${line}\n`)
  log.lineLength = line.length
  log.lineEnd = log.end
}

/** The check; a refusal on a speculative path only ends that path. */
function step(env: Env): number | undefined {
  const at = env.insn
  try {
    const next = checkInsn(env)
    env.liveStack.commit(at)
    return next
  } catch (e) {
    if (recoverable(e)) env.liveStack.commit(at)
    if (!env.state.speculative || !recoverable(e)) throw e
    env.marks.nospec[at] = 1
    env.marks.aluState[at] = 0
    return undefined
  }
}

/** The path ended: checkpoints whose last branch this was are done. */
function endPath(env: Env): void {
  for (let state: State | null = env.state; state !== null; state = state.parent) {
    if (--state.branches > 0) break
    env.sccs.exit(state)
    if (state.evicted) env.liveStates--
  }
  env.liveStack.update(env.state)
}
