/**
 * After a successful walk of a program for a device: branches that go one way become jumps, code that was never walked
 * is cut out, and so are jumps to the next instruction. The driver is told of each step, in the kernel's order
 * (nfp-offload.md, section 2, steps 8 and 9); its answers do not stop the load here.
 */
import type { Env } from './env'
import { Insns } from './insns'

/** Program as it is rewritten: bytes, and whether each instruction was walked. */
interface Program {
  bytes: Uint8Array
  seen: Uint8Array
}

export function removeDeadCode(env: Env): void {
  const driver = env.driver!
  const log = (text: string): void => env.say(text)
  const program: Program = { bytes: env.insns.bytes.slice(), seen: env.marks.seen.slice() }
  hardWire(program, (i, insn) => void driver.replaceInsn(i, insn, log))
  const remove = (i: number, count: number): void => {
    driver.removeInsns(i, count, log)
    cut(program, i, count)
  }
  for (let i = 0; i < program.seen.length; i++) {
    let count = 0
    while (i + count < program.seen.length && program.seen[i + count] === 0) count++
    if (count > 0) remove(i, count)
  }
  for (let i = 0; i < program.seen.length; i++) {
    const op = program.bytes[8 * i]!
    const isNop = (op === 0x05 || op === 0xe5) && program.bytes.subarray(8 * i + 1, 8 * i + 8).every((b) => b === 0)
    if (!isNop) continue
    remove(i, 1)
    i = Math.max(-1, i - (op === 0xe5 ? 2 : 1))
  }
}

function hardWire(program: Program, tell: (i: number, insn: Uint8Array) => void): void {
  const insns = new Insns(program.bytes)
  for (let i = 0; i < insns.length; i++) {
    if (!insns.isConditional(i)) continue
    const off = insns.off[i]!
    let to: number
    if (program.seen[i + 1] === 0) to = off
    else if (program.seen[i + 1 + off] === 0) to = 0
    else continue
    const goto = new Uint8Array([0x05, 0, to & 0xff, (to >> 8) & 0xff, 0, 0, 0, 0])
    tell(i, goto)
    program.bytes.set(goto, 8 * i)
  }
}

/** Removes instructions and moves the ends of jumps and calls. */
function cut(program: Program, at: number, count: number): void {
  const old = new Insns(program.bytes)
  const n = old.length - count
  const moved = (i: number): number => (i <= at ? i : i >= at + count ? i - count : at)
  const bytes = new Uint8Array(8 * n)
  bytes.set(program.bytes.subarray(0, 8 * at))
  bytes.set(program.bytes.subarray(8 * (at + count)), 8 * at)
  const seen = new Uint8Array(n)
  seen.set(program.seen.subarray(0, at))
  seen.set(program.seen.subarray(at + count), at)
  const view = new DataView(bytes.buffer)
  for (let i = 0; i < old.length; i++) {
    if (i >= at && i < at + count) continue
    const here = moved(i)
    const op = old.op[i]!
    const byImmediate = op === 0x06 || old.isPseudoCall(i) || old.isPseudoFunc(i)
    const isJump = old.isConditional(i) || op === 0x05
    if (!byImmediate && !isJump) continue
    const target = byImmediate ? i + 1 + old.imm[i]! : old.target(i)
    const distance = moved(target) - here - 1
    if (byImmediate) view.setInt32(8 * here + 4, distance, true)
    else view.setInt16(8 * here + 2, distance, true)
  }
  program.bytes = bytes
  program.seen = seen
}
