/**
 * What the kernel makes of a host program's instructions before it runs them, as far as `dump xlated` shows it: dead code
 * gone, context loads turned into loads of the kernel's own structures, map lookups written out, divisions guarded.
 * Asked of Linux 6.18 (x86_64): offsets of structures and sequences are that kernel's. Only shown and counted; the host
 * machine runs the program as it was loaded. Programs for a card lose dead code and nothing else.
 */
import { mapTypeName } from '../maps/create'
import { encodeInsn as encode } from './kernel-insn'
import { SKB_PACKET_FIELDS, skbLoad, skbPrologue, skbStore } from './kernel-skb'
import type { BpfProgram } from './objects'

/** An instruction of the result. `from` is the slot that it came from; the second slot of an ld_imm64 is one of its own. */
export interface KernelInsn {
  readonly from: number
  readonly bytes: Uint8Array
  /** First of what became of its slot. */
  readonly first: boolean
  /** Name behind `call`, where the kernel put another function than the helper's own. */
  readonly callee?: string
}

/** Offsets in the kernel's structures. */
const XDP_BUFF = { data: 0, dataEnd: 8, dataMeta: 16, rxq: 32 } as const
const RXQ = { dev: 0, queueIndex: 8 } as const
const NETDEV_IFINDEX = 224
const ARRAY_VALUE = 312
const HTAB_ELEM_KEY = 48
const LRU_REF = 35
/** Offset of a move that turns an offset into the per-CPU area into an address. */
const PER_CPU = -1
/** Address of the CPU's number in the per-CPU area; another one in every build. */
const CPU_NUMBER_AT = -2085568460

const LDX_DW = 0x79
const LDX_W = 0x61
const LDX_B = 0x71
const STX_W = 0x63
/** By the size bits of an opcode. */
const SIZES = [4, 2, 1, 8] as const
const ST_B = 0x72
const JEQ_K = 0x15
const JNE_K = 0x55
const JGE_K = 0x35
const JA = 0x05
const ADD_K = 0x07
const ADD_X = 0x0f
const MUL_K = 0x27
const LSH_K = 0x67
const MOV_K = 0xb7
const MOV_X = 0xbf
const XOR32_X = 0xac

interface MapKind {
  readonly type: string
  readonly keySize: number
  readonly valueSize: number
  readonly maxEntries: number
}

const rounded = (size: number): number => (size + 7) & ~7

/** R0 = value of the key at R2, or 0: an array's elements lie one behind the other. */
function arrayLookup(map: MapKind, perCpu: boolean): Uint8Array[] {
  const size = perCpu ? 8 : rounded(map.valueSize)
  const shift = Math.log2(size)
  const tail = perCpu ? [encode(LDX_DW, 0, 0, 0, 0), encode(MOV_X, 0, 0, PER_CPU, 0)] : []
  return [
    encode(ADD_K, 1, 0, 0, ARRAY_VALUE),
    encode(LDX_W, 0, 2, 0, 0),
    encode(JGE_K, 0, 0, 3 + tail.length, map.maxEntries),
    Number.isInteger(shift) ? encode(LSH_K, 0, 0, 0, shift) : encode(MUL_K, 0, 0, 0, size),
    encode(ADD_X, 0, 1, 0, 0),
    ...tail,
    encode(JA, 0, 0, 1, 0),
    encode(MOV_K, 0, 0, 0, 0),
  ]
}

/** What follows the call of the hash table's own lookup: from the element to its value. */
function hashLookup(map: MapKind): Uint8Array[] {
  const value = encode(ADD_K, 0, 0, 0, HTAB_ELEM_KEY + rounded(map.keySize))
  switch (map.type) {
    case 'lru_hash':
      return [
        encode(JEQ_K, 0, 0, 4, 0),
        encode(LDX_B, 1, 0, LRU_REF, 0),
        encode(JNE_K, 1, 0, 1, 0),
        encode(ST_B, 0, 0, LRU_REF, 1),
        value,
      ]
    case 'percpu_hash':
      return [encode(JEQ_K, 0, 0, 3, 0), value, encode(LDX_DW, 0, 0, 0, 0), encode(MOV_X, 0, 0, PER_CPU, 0)]
    default:
      return [encode(JEQ_K, 0, 0, 1, 0), value]
  }
}

const CALLEES: Readonly<Record<number, Readonly<Record<string, string>>>> = {
  1: {
    lpm_trie: 'trie_lookup_elem',
    devmap: 'dev_map_lookup_elem',
    devmap_hash: 'dev_map_hash_lookup_elem',
    xskmap: 'xsk_map_lookup_elem',
    lru_percpu_hash: 'htab_lru_percpu_map_lookup_elem',
  },
  2: {
    hash: 'htab_map_update_elem',
    lru_hash: 'htab_lru_map_update_elem',
    percpu_hash: 'htab_percpu_map_update_elem',
    lru_percpu_hash: 'htab_lru_percpu_map_update_elem',
    array: 'array_map_update_elem',
    percpu_array: 'array_map_update_elem',
    lpm_trie: 'trie_update_elem',
  },
  3: {
    hash: 'htab_map_delete_elem',
    percpu_hash: 'htab_map_delete_elem',
    lru_hash: 'htab_lru_map_delete_elem',
    lru_percpu_hash: 'htab_lru_map_delete_elem',
    array: 'array_map_delete_elem',
    percpu_array: 'array_map_delete_elem',
    lpm_trie: 'trie_delete_elem',
  },
  51: {
    devmap: 'dev_map_redirect',
    devmap_hash: 'dev_hash_map_redirect',
    cpumap: 'cpu_map_redirect',
    xskmap: 'xsk_map_redirect',
  },
  87: { queue: 'queue_stack_map_push_elem', stack: 'queue_stack_map_push_elem', bloom_filter: 'bloom_map_push_elem' },
  88: { queue: 'queue_map_pop_elem', stack: 'stack_map_pop_elem' },
  89: { queue: 'queue_map_peek_elem', stack: 'stack_map_peek_elem', bloom_filter: 'bloom_map_peek_elem' },
}

/** Helpers whose function has another name than the helper. */
function plainCallee(id: number, xdp: boolean): string | undefined {
  if (id === 7) return 'bpf_user_rnd_u32'
  if (id === 25) return xdp ? 'bpf_xdp_event_output' : 'bpf_skb_event_output'
  return undefined
}

/** Instructions of the program as the kernel holds them, jumps adjusted. */
export function kernelCode(program: BpfProgram): KernelInsn[] {
  const { insns } = program.definition
  const host = program.ifindex === undefined
  const { seen } = program.verify
  const view = new DataView(insns.buffer, insns.byteOffset, insns.length)
  const count = insns.length / 8
  const { contexts, writesPacket } = host
    ? contextAccesses(program)
    : { contexts: new Set<number>(), writesPacket: false }
  const mapOfCall = host ? mapsOfCalls(program) : new Map<number, MapKind>()
  const out: { from: number; bytes: Uint8Array; first: boolean; callee?: string }[] = []
  const place = new Int32Array(count + 1).fill(-1)
  for (let slot = 0; slot < count; slot++) {
    const op = insns[slot * 8]!
    const wide = op === 0x18
    const original = insns.slice(slot * 8, slot * 8 + 8)
    place[slot] = out.length
    const prologue = slot === 0 && writesPacket ? skbPrologue() : []
    prologue.forEach((insn, index) => out.push({ from: -1, first: index === 0, ...insn }))
    if (!seen || seen[slot]) {
      const made = host
        ? rewrite(program, original, view.getInt32(slot * 8 + 4, true), contexts.has(slot), mapOfCall.get(slot))
        : undefined
      const list = made?.insns ?? [original]
      list.forEach((bytes, index) =>
        out.push({
          from: slot,
          bytes,
          first: index === 0 && prologue.length === 0,
          ...(index === 0 && made?.callee !== undefined && { callee: made.callee }),
        }),
      )
      if (wide) {
        place[slot + 1] = out.length
        out.push({ from: slot + 1, bytes: insns.slice(slot * 8 + 8, slot * 8 + 16), first: true })
      }
    }
    if (wide) slot++
  }
  place[count] = out.length
  // Removed slots count as what follows them.
  for (let slot = count - 1; slot >= 0; slot--) if (place[slot] === -1) place[slot] = place[slot + 1]!
  out.forEach((insn, index) => retarget(insn, index, out, insns, place))
  // The prologue takes the first instruction's place: its source line and function head stand before it.
  return out.map((insn) => (insn.from < 0 ? { ...insn, from: 0 } : insn))
}

/** Corrects a jump or call of the program itself; those that rewriting made are right. */
function retarget(
  insn: KernelInsn,
  index: number,
  out: readonly KernelInsn[],
  insns: Uint8Array,
  place: Int32Array,
): void {
  if (insn.from < 0) return
  const op = insns[insn.from * 8]!
  const last = out[index + 1]?.from !== insn.from || out[index + 1]!.first
  if (insn.bytes[0] !== op || (!insn.first && !last)) return
  const view = new DataView(insn.bytes.buffer, insn.bytes.byteOffset, 8)
  const kind = op & 7
  if ((op === 0x85 && insn.bytes[1]! >> 4 === 1) || op === 0x06) {
    view.setInt32(4, place[insn.from + 1 + view.getInt32(4, true)]! - index - 1, true)
  } else if ((kind === 5 || kind === 6) && op !== 0x85 && op !== 0x95 && op !== 0x8d) {
    view.setInt16(2, place[insn.from + 1 + view.getInt16(2, true)]! - index - 1, true)
  }
}

function rewrite(
  program: BpfProgram,
  original: Uint8Array,
  imm: number,
  context: boolean,
  map: MapKind | undefined,
): { insns: Uint8Array[]; callee?: string } | undefined {
  const op = original[0]!
  const dst = original[1]! & 15
  const src = original[1]! >> 4
  const off = new DataView(original.buffer).getInt16(2, true)
  if (context && program.type === 'xdp') return op === LDX_W ? { insns: xdpLoad(dst, src, off) } : undefined
  if (context) {
    const made =
      (op & 7) === 1
        ? skbLoad(dst, src, off, SIZES[(op >> 3) & 3]!, program.type === 'sched_cls' || program.type === 'sched_act')
        : op === STX_W
          ? skbStore(dst, src, off)
          : undefined
    return made && { insns: made }
  }
  if (op === 0x85 && src === 0) {
    // The CPU's number is read where it lies.
    if (imm === 8)
      return {
        insns: [encode(MOV_K, 0, 0, 0, CPU_NUMBER_AT), encode(MOV_X, 0, 0, PER_CPU, 0), encode(LDX_W, 0, 0, 0, 0)],
      }
    if (map) {
      if (imm === 1 && (map.type === 'array' || map.type === 'percpu_array'))
        return { insns: arrayLookup(map, map.type === 'percpu_array') }
      if (imm === 1 && (map.type === 'hash' || map.type === 'lru_hash' || map.type === 'percpu_hash'))
        return { insns: [original, ...hashLookup(map)], callee: '__htab_map_lookup_elem' }
      const callee = CALLEES[imm]?.[map.type]
      if (callee !== undefined) return { insns: [original], callee }
    }
    const callee = plainCallee(imm, program.type === 'xdp')
    return callee === undefined ? undefined : { insns: [original], callee }
  }
  // Division and remainder by a register: the kernel guards against zero itself.
  const kind = op & 0xf7
  if ((op & 8) !== 0 && (kind === 0x37 || kind === 0x34)) {
    const test = (op & 7) === 7 ? JNE_K : 0x56
    return { insns: [encode(test, src, 0, 2, 0), encode(XOR32_X, dst, dst, 0, 0), encode(JA, 0, 0, 1, 0), original] }
  }
  if ((op & 8) !== 0 && (kind === 0x97 || kind === 0x94)) {
    if ((op & 7) === 7) return { insns: [encode(JEQ_K, src, 0, 1, 0), original] }
    return { insns: [encode(0x16, src, 0, 2, 0), original, encode(JA, 0, 0, 1, 0), encode(0xbc, dst, dst, 0, 0)] }
  }
  return undefined
}

function xdpLoad(dst: number, src: number, off: number): Uint8Array[] {
  switch (off) {
    case 0:
      return [encode(LDX_DW, dst, src, XDP_BUFF.data, 0)]
    case 4:
      return [encode(LDX_DW, dst, src, XDP_BUFF.dataEnd, 0)]
    case 8:
      return [encode(LDX_DW, dst, src, XDP_BUFF.dataMeta, 0)]
    case 12:
      return [
        encode(LDX_DW, dst, src, XDP_BUFF.rxq, 0),
        encode(LDX_DW, dst, dst, RXQ.dev, 0),
        encode(LDX_W, dst, dst, NETDEV_IFINDEX, 0),
      ]
    default:
      return [encode(LDX_DW, dst, src, XDP_BUFF.rxq, 0), encode(LDX_W, dst, dst, RXQ.queueIndex, 0)]
  }
}

/**
 * Loads and stores whose base is the context, and whether a classifier writes its packet. The context is in R1 at the
 * start and moves by plain copies; packet pointers come from it and stay ones under additions; calls clear R1 … R5. A pass
 * in order over the code is enough for what compilers make: a jump target keeps what the line before it knew.
 */
function contextAccesses(program: BpfProgram): { readonly contexts: Set<number>; readonly writesPacket: boolean } {
  const { insns, subprograms } = program.definition
  const starts = new Set(subprograms.map((one) => one.start))
  const contexts = new Set<number>()
  const classifier = program.type === 'sched_cls' || program.type === 'sched_act'
  let writesPacket = false
  let held = 1 << 1
  let packet = 0
  for (let slot = 0; slot < insns.length / 8; slot++) {
    const op = insns[slot * 8]!
    const dst = insns[slot * 8 + 1]! & 15
    const src = insns[slot * 8 + 1]! >> 4
    if (slot > 0 && starts.has(slot)) held = packet = 0
    const kind = op & 7
    const base = kind === 1 ? src : dst
    if ((kind === 1 || kind === 2 || kind === 3) && (held >> base) & 1) contexts.add(slot)
    if ((kind === 2 || kind === 3) && (packet >> dst) & 1) writesPacket = true
    const bit = 1 << dst
    if (kind === 1) {
      const pointer = contexts.has(slot) && SKB_PACKET_FIELDS.includes(insns[slot * 8 + 2]!)
      held &= ~bit
      packet = pointer ? packet | bit : packet & ~bit
    } else if (op === MOV_X) {
      held = (held >> src) & 1 ? held | bit : held & ~bit
      packet = (packet >> src) & 1 ? packet | bit : packet & ~bit
    } else if (kind === 7 && (op >> 4 === 0 || op >> 4 === 1)) {
      if (op === ADD_X && (packet >> src) & 1) packet |= bit
      held &= ~bit
    } else if (kind === 0 || kind === 4 || kind === 7) {
      held &= ~bit
      packet &= ~bit
    } else if (op === 0x85) {
      held &= ~0b111111
      packet &= ~0b111111
    }
    if (op === 0x18) slot++
  }
  return { contexts, writesPacket: writesPacket && classifier }
}

/** The map in R1 (or R2) at each helper call, from the ld_imm64 before it. */
function mapsOfCalls(program: BpfProgram): Map<number, MapKind> {
  const { insns, relocs, maps } = program.definition
  const relocAt = new Map(relocs.map((reloc) => [reloc.insn, reloc.map]))
  const found = new Map<number, MapKind>()
  const register: (number | undefined)[] = []
  for (let slot = 0; slot < insns.length / 8; slot++) {
    const op = insns[slot * 8]!
    const dst = insns[slot * 8 + 1]! & 15
    const src = insns[slot * 8 + 1]! >> 4
    if (op === 0x18) {
      register[dst] = src === 1 ? relocAt.get(slot) : undefined
      slot++
    } else if (op === 0x85) {
      const map = register[1]
      const attributes = map === undefined ? undefined : maps[map]
      if (src === 0 && attributes) {
        found.set(slot, {
          type: mapTypeName(attributes.type),
          keySize: attributes.key_size,
          valueSize: attributes.value_size,
          maxEntries: attributes.max_entries,
        })
      }
      register.fill(undefined, 0, 6)
    } else if (op === MOV_X) register[dst] = register[src]
    else if ((op & 7) === 0 || (op & 7) === 1 || (op & 7) === 4 || (op & 7) === 7) register[dst] = undefined
  }
  return found
}
