/**
 * The control-flow graph: everything reachable, no jump into a ld_imm64, (old kernels: no back edge), where the walk
 * may compare states, strongly connected components, and which registers are live before each instruction.
 * Nothing here depends on values.
 */
import { EINVAL, type Env } from './env'
import { helperFor } from './helper-table'
import type { Insns } from './insns'

const FALLTHROUGH = 1
const BRANCH = 2
const CALLBACK_HELPERS_SYNC = new Set([181, 164, 180, 209])
const CALLBACK_HELPERS_ASYNC = new Set([170])

/** Depth-first over all edges, callees included. */
export function checkControlFlow(env: Env): void {
  const { insns, marks } = env
  const n = insns.length
  // Low bits: edges taken; DISCOVERED while on the stack, EXPLORED after.
  const DISCOVERED = 0x10
  const EXPLORED = 0x20
  const mark = new Uint8Array(n)
  // Every instruction is put on the stack at most once.
  const stack = new Int32Array(n)
  let depth = 1
  mark[0] = DISCOVERED

  const point = (i: number, jump: boolean): void => {
    marks.prune[i] = 1
    if (jump) marks.jump[i] = 1
  }

  /** Follows one edge; true when its end has to be explored first. */
  const follow = (from: number, to: number, edge: number): boolean => {
    if ((mark[from]! & 3) >= edge) return false
    if (to < 0 || to >= n) env.refuse(EINVAL, `jump out of range from insn ${from} to ${to}\n`)
    if (edge === BRANCH) point(to, true)
    if (mark[to] === 0) {
      mark[from] = DISCOVERED | edge
      mark[to] = DISCOVERED
      stack[depth++] = to
      return true
    }
    if ((mark[to]! & 0xf0) === DISCOVERED) {
      if (!env.profile.allowsLoops) env.refuse(EINVAL, `back-edge from insn ${from} to ${to}\n`)
      return false
    }
    mark[from] = DISCOVERED | edge
    return false
  }

  const visit = (t: number): boolean => {
    if (insns.isPseudoFunc(t)) return visitCall(t, true)
    if (!insns.isJumpClass(t)) return follow(t, t + (insns.isLdImm64(t) ? 2 : 1), FALLTHROUGH)
    switch (insns.op[t]! & 0xf0) {
      case 0x90:
        return false
      case 0x80: {
        const id = insns.imm[t]!
        const helper = insns.isHelperCall(t)
        if (helper && CALLBACK_HELPERS_ASYNC.has(id)) point(t, false)
        if (helper && CALLBACK_HELPERS_SYNC.has(id)) {
          marks.callsCallback[t] = 1
          marks.force[t] = 1
          point(t, true)
        }
        return visitCall(t, insns.src[t] === 1)
      }
      case 0x00: {
        const to = insns.target(t)
        const more = follow(t, to, FALLTHROUGH)
        point(to, true)
        return more
      }
      default:
        point(t, false)
        if (insns.isMayGoto(t)) marks.force[t] = 1
        return follow(t, t + 1, FALLTHROUGH) || follow(t, insns.target(t), BRANCH)
    }
  }
  const visitCall = (t: number, callee: boolean): boolean => {
    const next = t + (insns.isLdImm64(t) ? 2 : 1)
    if (follow(t, next, FALLTHROUGH)) return true
    if (next < n) point(next, true)
    if (!callee) return false
    point(t, false)
    return follow(t, t + insns.imm[t]! + 1, BRANCH)
  }

  while (depth > 0) {
    const t = stack[depth - 1]!
    if (visit(t)) continue
    mark[t] = EXPLORED
    depth--
  }
  // Functions that only a second look reaches (none in practice: every start is a call's target).
  for (let i = 0; i < n; i++) {
    if (mark[i] !== EXPLORED) env.refuse(EINVAL, `unreachable insn ${i}\n`)
    if (insns.isLdImm64(i)) {
      if (mark[i + 1] !== 0) env.refuse(EINVAL, `jump into the middle of ldimm64 insn ${i}\n`)
      i++
    }
  }
  markPacketMovers(env)
}

/** A subprogram moves the packet if it calls such a helper, does a tail call, or calls one that does. */
function markPacketMovers(env: Env): void {
  const { insns } = env
  for (let changed = true; changed;) {
    changed = false
    for (const sub of env.subprograms) {
      for (let i = sub.start; i < sub.end && !sub.movesPacket; i++) {
        if (!callMovesPacket(env, i)) continue
        sub.movesPacket = true
        changed = true
      }
    }
  }
  function callMovesPacket(e: Env, i: number): boolean {
    if (insns.isHelperCall(i)) return insns.imm[i] === 12 || MOVES_PACKET.has(insns.imm[i]!)
    if (!insns.isPseudoCall(i) && !insns.isPseudoFunc(i)) return false
    return subprogramAt(e, i + insns.imm[i]! + 1)?.movesPacket ?? false
  }
}
const MOVES_PACKET = new Set([13, 44, 65, 54, 9, 10, 11, 18, 19, 31, 38, 43, 39, 50])
export const helperMovesPacket = (id: number): boolean => MOVES_PACKET.has(id)

export const subprogramAt = (env: Env, start: number) => env.subprograms.find((s) => s.start === start)
/** Index of the subprogram that begins at `start`, -1 if none does. */
export const subprogramIndex = (env: Env, start: number): number => env.subprograms.findIndex((s) => s.start === start)

/** Numbers the strongly connected components (loops) from 1; 0 is "in no loop". Tarjan's algorithm, not recursive. */
export function findLoops(env: Env): void {
  const { insns, marks } = env
  const n = insns.length
  const order = new Int32Array(n)
  const low = new Int32Array(n)
  const onStack = new Uint8Array(n)
  // Nodes whose component is open, and the path that is followed with the next way to take at each of its nodes.
  const open = new Int32Array(n)
  const path = new Int32Array(n)
  const ways = new Uint8Array(n)
  let opened = 0
  let depth = 0
  let counter = 0
  let component = 1
  const enter = (v: number): void => {
    order[v] = low[v] = ++counter
    open[opened++] = v
    onStack[v] = 1
    ways[depth] = 0
    path[depth++] = v
  }
  for (let root = 0; root < n; root++) {
    if (order[root] !== 0 || (root > 0 && insns.isLdImm64(root - 1) && insns.op[root] === 0)) continue
    enter(root)
    while (depth > 0) {
      const v = path[depth - 1]!
      const way = ways[depth - 1]!++
      const w = way < 2 ? insns.successor(v, way) : -1
      if (w >= 0) {
        if (order[w] === 0) enter(w)
        else if (onStack[w]) low[v] = Math.min(low[v]!, order[w]!)
        continue
      }
      depth--
      if (depth > 0) low[path[depth - 1]!] = Math.min(low[path[depth - 1]!]!, low[v]!)
      if (low[v] !== order[v]) continue
      const isLoop = open[opened - 1] !== v || insns.successor(v, 0) === v || insns.successor(v, 1) === v
      for (let member = -1; member !== v;) {
        member = open[--opened]!
        onStack[member] = 0
        if (isLoop) marks.scc[member] = component
      }
      if (isLoop) component++
    }
  }
}

const CALLER_SAVED = 0x3f

/** Registers an instruction writes and reads, as bit sets; `argsOf` gives the number of a helper's arguments. */
export function definesAndUses(insns: Insns, i: number, argsOf: (helper: number) => number): readonly [number, number] {
  const op = insns.op[i]!
  const d = 1 << insns.dst[i]!
  const s = 1 << insns.src[i]!
  const mode = op & 0xe0
  switch (op & 7) {
    case 0:
      return op === 0x18 ? [d, 0] : [0, 0xffff]
    case 1:
      return [d, s]
    case 2:
      return [0, d]
    case 3:
      return mode === 0xc0 ? atomicDefUse(insns.imm[i]!, d, s) : [0, d | s]
    case 4:
    case 7: {
      const kind = op & 0xf0
      if (kind === 0xd0 || kind === 0x80) return [d, d]
      const operand = (op & 8) !== 0 ? s : 0
      return [d, kind === 0xb0 ? operand : d | operand]
    }
    default: {
      const kind = op & 0xf0
      if (kind === 0x00 || op === 0xe5) return [0, 0]
      if (kind === 0x90) return [0, 1]
      if (kind !== 0x80) return [0, d | ((op & 8) !== 0 ? s : 0)]
      const args = insns.src[i] === 0 ? argsOf(insns.imm[i]!) : 5
      return [CALLER_SAVED, ((1 << args) - 1) << 1]
    }
  }
}
function atomicDefUse(imm: number, d: number, s: number): readonly [number, number] {
  if (imm === 0xf1) return [1, 1 | d | s]
  if (imm === 0x100) return [d, s]
  if (imm === 0x110) return [0, d | s]
  return [(imm & 1) !== 0 ? s : 0, d | s]
}

/** Instructions of a subprogram, ends first: the order in which backward data flow settles soonest. */
export function postorder(insns: Insns, start: number, end: number): Int32Array {
  const order = new Int32Array(end - start)
  const discovered = new Uint8Array(end - start)
  const explored = new Uint8Array(end - start)
  const stack = new Int32Array(end - start)
  let ordered = 0
  let depth = 1
  stack[0] = start
  discovered[0] = 1
  while (depth > 0) {
    const top = stack[depth - 1]!
    if (explored[top - start]) {
      order[ordered++] = top
      depth--
      continue
    }
    for (let k = 0; k < 2; k++) {
      const next = insns.successor(top, k)
      if (next < 0 || discovered[next - start]) continue
      discovered[next - start] = 1
      stack[depth++] = next
    }
    explored[top - start] = 1
  }
  return order.subarray(0, ordered)
}

/** Backward data flow to a fixed point; the bit set before each instruction goes to `marks.live`. */
export function findLiveRegisters(env: Env): void {
  const { insns, marks } = env
  const n = insns.length
  const def = new Uint16Array(n)
  const use = new Uint16Array(n)
  const argsOf = (id: number): number => helperFor(id, env.progType, env.perfmon)?.args.length ?? 5
  for (let i = 0; i < n; i++) {
    const [d, u] = definesAndUses(insns, i, argsOf)
    def[i] = d
    use[i] = u
  }
  for (const sub of env.subprograms) settle(postorder(insns, sub.start, sub.end))

  function settle(order: Int32Array): void {
    for (let changed = true; changed;) {
      changed = false
      for (const i of order) if (update(i)) changed = true
    }
  }
  function update(i: number): boolean {
    let out = 0
    for (let k = 0; k < 2; k++) {
      const next = insns.successor(i, k)
      if (next >= 0 && next < n) out |= marks.live[next]!
    }
    const before = (out & ~def[i]!) | use[i]!
    const differs = before !== marks.live[i]
    marks.live[i] = before
    return differs
  }
}

/** The table at the head of a level-2 log. */
export function printLiveRegisters(env: Env): void {
  const { insns, marks } = env
  env.say('Live regs before insn:\n')
  for (let i = 0; i < insns.length; i++) {
    const scc = marks.scc[i]! > 0 ? String(marks.scc[i]).padStart(3) : '   '
    let live = ''
    for (let r = 0; r < 10; r++) live += (marks.live[i]! >> r) & 1 ? String(r) : '.'
    env.say(`${scc} ${String(i).padStart(3)}: ${live} ${env.insnText(i)}\n`)
    if (insns.isLdImm64(i)) i++
  }
}
