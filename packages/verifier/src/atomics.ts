/**
 * Atomic instructions: a load and a store of one place, aligned, on stack or map values only.
 */
import { EACCES, EINVAL, type Env } from './env'
import { checkAccess } from './memory'
import * as R from './reg-state'
import { checkWrite, isSecret, readReg, writeUnknown } from './registers'
import { recordPointerType } from './pointer-type'
import { accessSize } from './insns'

const PLAIN = new Set([0x00, 0x01, 0x40, 0x41, 0x50, 0x51, 0xa0, 0xa1, 0xe1, 0xf1])
const LOAD_ACQUIRE = 0x100
const STORE_RELEASE = 0x110

export function checkAtomic(env: Env): void {
  const { insns, insn } = env
  const imm = insns.imm[insn]!
  if (PLAIN.has(imm)) readModifyWrite(env, imm)
  else if (imm === LOAD_ACQUIRE) loadAcquire(env)
  else if (imm === STORE_RELEASE) storeRelease(env)
  else env.refuse(EINVAL, `BPF_ATOMIC uses invalid atomic opcode ${(imm >>> 0).toString(16).padStart(2, '0')}\n`)
}

/** Kinds of memory that atomics may not use. */
const FORBIDDEN = new Set([R.CTX, R.PACKET, R.PACKET_META, 10, R.SOCKET, R.SOCK_COMMON, R.TCP_SOCK, R.XDP_SOCK])

function checkPlace(env: Env, regno: number, type: number): void {
  if (!FORBIDDEN.has(type)) return
  const verb = env.insns.imm[env.insn] === LOAD_ACQUIRE ? 'loads from' : 'stores into'
  env.refuse(EACCES, `BPF_ATOMIC ${verb} R${regno} ${R.typeName(type)} is not allowed\n`)
}

function readModifyWrite(env: Env, imm: number): void {
  const { insns, insn } = env
  const size = accessSize(insns.op[insn]!)
  const dst = insns.dst[insn]!
  const src = insns.src[insn]!
  const off = insns.off[insn]!
  if (size < 4) env.refuse(EINVAL, 'invalid atomic operand size\n')
  readReg(env, src)
  readReg(env, dst)
  if (imm === 0xf1) {
    readReg(env, 0)
    if (isSecret(env, env.regs[0]!)) env.refuse(EACCES, 'R0 leaks addr into mem\n')
  }
  if (isSecret(env, env.regs[src]!)) env.refuse(EACCES, `R${src} leaks addr into mem\n`)
  checkPlace(env, dst, env.regs[dst]!.type)
  // The old value comes back in the source register, or in r0.
  let loaded = -1
  let def = 0
  if ((imm & 1) !== 0) {
    loaded = imm === 0xf1 ? 0 : src
    def = writeUnknown(env, loaded).subregDef
  }
  // Both halves are checked before the loaded value replaces the source.
  const at = { regno: dst, off, size, signed: false, def, aligned: true }
  checkAccess(env, { ...at, write: false, value: -1 })
  if (loaded >= 0) checkAccess(env, { ...at, write: false, value: loaded })
  checkAccess(env, { ...at, write: true, value: -1 })
}

function loadAcquire(env: Env): void {
  const { insns, insn } = env
  const src = insns.src[insn]!
  const dst = insns.dst[insn]!
  readReg(env, src)
  const def = checkWrite(env, dst)
  const { type } = env.regs[src]!
  const size = accessSize(insns.op[insn]!)
  const at = { regno: src, off: insns.off[insn]!, size, signed: false, def, aligned: true }
  checkAccess(env, { ...at, write: false, value: dst })
  checkPlace(env, src, type)
  recordPointerType(env, type)
}

function storeRelease(env: Env): void {
  const { insns, insn } = env
  const dst = insns.dst[insn]!
  const src = insns.src[insn]!
  readReg(env, src)
  readReg(env, dst)
  const { type } = env.regs[dst]!
  const size = accessSize(insns.op[insn]!)
  const at = { regno: dst, off: insns.off[insn]!, size, signed: false, def: 0, aligned: true }
  checkAccess(env, { ...at, write: true, value: src })
  checkPlace(env, dst, type)
  recordPointerType(env, type)
}
