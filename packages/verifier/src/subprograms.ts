/**
 * First passes over the code, before any walk: which subprograms there are, jumps stay inside them, forms of ld_imm64,
 * map references, opcodes. Order of the checks as in NOTES.md, "Order of the checks", steps 2 and 3.
 */
import { EBADF, E2BIG, EINVAL, ENOTSUPP, EPROTO, MAX_VAR_OFF, type Env, type Subprogram } from './env'
import { opcodeExists } from './insns'
import { ARRAY, ARENA } from './maps'

const MAX_SUBPROGRAMS = 256
const MAX_USED_MAPS = 64
/** File descriptor that a loader gets for the first map it makes. */
const FIRST_MAP_FD = 3

function newSubprogram(start: number): Subprogram {
  return {
    start,
    end: 0,
    name: '',
    global: false,
    hasTailCall: false,
    hasLdAbs: false,
    movesPacket: false,
    stackDepth: 0,
    called: false,
    verified: false,
    isCallback: false,
    isAsyncCallback: false,
  }
}

/** Finds every called function; sorts them by start; says so in the level-2 log. */
export function findSubprograms(env: Env): void {
  const { insns } = env
  const starts = new Set([0])
  for (let i = 0; i < insns.length; i++) {
    if (insns.op[i] === 0x85 && insns.src[i] === 2) refuseKfunc(env, i)
    if (!insns.isPseudoCall(i) && !insns.isPseudoFunc(i)) continue
    const target = i + insns.imm[i]! + 1
    if (target < 0 || target >= insns.length) env.refuse(EINVAL, 'call to invalid destination\n')
    starts.add(target)
    if (starts.size > MAX_SUBPROGRAMS) env.refuse(E2BIG, 'too many subprograms\n')
  }
  env.subprograms = [...starts].sort((a, b) => a - b).map(newSubprogram)
  env.subprograms.forEach((sub, k) => {
    sub.end = env.subprograms[k + 1]?.start ?? insns.length
  })
  if (env.log.full) env.subprograms.forEach((sub, k) => env.say(`func#${k} @${sub.start}\n`))
}

/** Kernel functions need the kernel's type information; none is reachable here. */
function refuseKfunc(env: Env, i: number): void {
  const id = env.insns.imm[i]! >>> 0
  const off = env.insns.off[i]!
  if (off < 0) env.refuse(EINVAL, 'negative offset disallowed for kernel module function call\n')
  if (off > 0) {
    env.say('kfunc offset > 0 without fd_array is invalid\n')
    env.refuse(EPROTO, 'failed to find BTF for kernel function\n')
  }
  if (id === 0) return
  env.refuse(EINVAL, `kernel btf_id ${id} is not a function\n`)
}

/** Number 0 is a call that the loader meant to be dead code: it is passed over, but may not be left at the end. */
export function refuseEmptyCalls(env: Env): void {
  const { insns, marks } = env
  for (let i = 0; i < insns.length; i++) {
    if (insns.isEmptyCall(i) && marks.seen[i]) {
      env.refuse(EINVAL, 'invalid kernel function call not eliminated in verifier pass\n')
    }
  }
}

/** Jumps stay in their subprogram; each one ends in an exit or a jump. */
export function checkSubprograms(env: Env): void {
  const { insns } = env
  for (const sub of env.subprograms) {
    for (let i = sub.start; i < sub.end; i++) {
      const op = insns.op[i]!
      if (insns.isHelperCall(i) && insns.imm[i] === 12) sub.hasTailCall = true
      if ((op & 7) === 0 && ((op & 0xe0) === 0x20 || (op & 0xe0) === 0x40)) sub.hasLdAbs = true
      if (insns.isJumpClass(i) && (op & 0xf0) !== 0x90 && (op & 0xf0) !== 0x80) {
        const target = insns.target(i)
        if (target < sub.start || target >= sub.end) {
          env.refuse(EINVAL, `jump out of range from insn ${i} to ${target}\n`)
        }
      }
      if (i === sub.end - 1 && op !== 0x95 && op !== 0x05 && op !== 0x06) {
        env.refuse(EINVAL, 'last insn is not an exit or jmp\n')
      }
    }
  }
}

/** Forms of ld_imm64 and what they refer to; opcodes that do not exist. */
export function resolveReferences(env: Env): void {
  const { insns, marks } = env
  const mapAt = new Map(env.relocs.map((r) => [r.insn, r.map]))
  const used = new Set<number>()
  for (let i = 0; i < insns.length; i++) {
    const op = insns.op[i]!
    if ((op & 7) === 1) {
      const mode = op & 0xe0
      if ((mode !== 0x60 && mode !== 0x80) || insns.imm[i] !== 0) env.refuse(EINVAL, 'BPF_LDX uses reserved fields\n')
    }
    if (op !== 0x18) {
      if (!opcodeExists(op)) env.refuse(EINVAL, `unknown opcode ${op.toString(16).padStart(2, '0')}\n`)
      continue
    }
    const second = i + 1
    if (second >= insns.length || insns.op[second] || insns.dst[second] || insns.src[second] || insns.off[second]) {
      env.refuse(EINVAL, 'invalid bpf_ld_imm64 insn\n')
    }
    const src = insns.src[i]!
    // The loader has put a descriptor where the program names a map, even if the instruction says "plain number".
    if (src === 0 && mapAt.has(i)) insns.imm[i] = FIRST_MAP_FD + mapAt.get(i)!
    if (src !== 0 && src !== 4) {
      if (src === 3) refuseBtfId(env, i)
      if ((src !== 1 && src !== 2 && src !== 5 && src !== 6) || ((src === 1 || src === 5) && insns.imm[second] !== 0)) {
        env.refuse(EINVAL, 'unrecognized bpf_ld_imm64 insn\n')
      }
      if (src >= 5) env.refuse(EPROTO, 'fd_idx without fd_array is invalid\n')
      const map = mapAt.get(i)
      const info = map === undefined ? undefined : env.maps[map]
      if (map === undefined || info === undefined) {
        // Small numbers are open files, but no maps.
        const errno = insns.imm[i]! >= 0 && insns.imm[i]! <= 2 ? EINVAL : EBADF
        return env.refuse(errno, `fd ${insns.imm[i]} is not pointing to valid bpf_map\n`)
      }
      used.add(map)
      if (used.size > MAX_USED_MAPS) {
        env.refuse(E2BIG, `The total number of maps per program has reached the limit of ${MAX_USED_MAPS}\n`)
      }
      marks.map[i] = map
      if (src === 2) {
        const off = insns.imm[second]! >>> 0
        if (off >= MAX_VAR_OFF) env.refuse(EINVAL, `direct value offset of ${off} is not allowed\n`)
        if (info.type !== ARRAY && info.type !== ARENA) {
          env.refuse(EINVAL, 'no direct value access support for this map type\n')
        }
        if (info.maxEntries !== 1 || off >= info.valueSize) {
          const errno = info.maxEntries !== 1 ? ENOTSUPP : EINVAL
          env.refuse(errno, `invalid access to map value pointer, value_size=${info.valueSize} off=${off}\n`)
        }
        marks.mapOff[i] = off
      }
    }
    i++
  }
}

function refuseBtfId(env: Env, i: number): never {
  const { insns } = env
  if (insns.imm[i + 1] !== 0) env.refuse(EINVAL, 'invalid module BTF object FD specified.\n')
  const id = insns.imm[i]!
  if (id < 0 || id > 0x7ffff) env.refuse(2, `ldimm64 insn specifies invalid btf_id ${id}.\n`)
  return env.refuse(EINVAL, `pseudo btf_id ${id} in ldimm64 isn't KIND_VAR or KIND_FUNC\n`)
}
