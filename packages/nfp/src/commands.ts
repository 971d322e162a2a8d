/**
 * Names of commands: which unit a command word addresses and what it asks for.
 *
 * A command's name depends on target, action, token and for some on the length field. Names where several units share
 * a slot are written `ctm.x/emem.y`, as binutils does. Follows nfp-isa.md, sections 12.1, 12.4 and 16.
 */

/** Targets by the name that is printed, with their CPP target number. */
export type CommandUnit = 'ila' | 'nbi' | 'pcie' | 'crypto' | 'arm' | 'ct' | 'sram' | 'mem' | 'cls'

const CPP_TARGET: Readonly<Record<CommandUnit, number>> = {
  nbi: 1,
  sram: 2,
  ila: 6,
  mem: 7,
  pcie: 9,
  arm: 10,
  crypto: 12,
  ct: 14,
  cls: 15,
}

/** Units under TGT_CMD 0x00 to 0x1f, by bits 4..2. */
const SMALL_UNITS: readonly (CommandUnit | undefined)[] = [
  'ila',
  'nbi',
  undefined,
  'pcie',
  undefined,
  'crypto',
  'arm',
  'ct',
]

/** Unit and action of a TGT_CMD value; unit is undefined where no unit answers. */
export function commandTarget(target: number): { unit: CommandUnit | undefined; action: number } {
  if (target >= 0x60) return { unit: 'cls', action: target & 31 }
  if (target >= 0x40) return { unit: 'mem', action: target & 31 }
  if (target >= 0x30) return { unit: 'sram', action: target & 15 }
  if (target >= 0x20) return { unit: undefined, action: target & 15 }
  return { unit: SMALL_UNITS[target >> 2], action: target & 3 }
}

/** CPP target number of a unit, as it appears in binutils' error texts. */
export const cppTarget = (unit: CommandUnit): number => CPP_TARGET[unit]

/** A name that depends on the length field: the first entry with `(count & mask) === value` holds. */
interface ByLength {
  readonly mask: number
  readonly value: number
  readonly name: string
}
type Cell = string | undefined | readonly ByLength[]
type Row = readonly Cell[]

const byLength = (mask: number, names: Readonly<Record<number, string>>): readonly ByLength[] =>
  Object.entries(names).map(([value, name]) => ({ mask, value: Number(value), name }))

/** 32-bit and 64-bit form, told apart by bit 2 of the length field. */
const wide = (name: string, suffix = ''): Cell => byLength(4, { 0: `${name}${suffix}`, 4: `${name}64${suffix}` })
const arithmetic = (name: string): Row => [
  wide(name),
  wide(`test_${name}`),
  wide(name, '_imm'),
  wide(`test_${name}`, '_imm'),
]
const sized = (name: string, suffix: string): Cell =>
  byLength(4, { 0: `${name}128_${suffix}`, 4: `${name}256_${suffix}` })

const CAM_BITS = [8, 16, 24, 32]
const camLookup = (prefix: string, suffix: string): Cell =>
  byLength(
    7,
    Object.fromEntries(
      CAM_BITS.flatMap((bits, index) => [
        [index, `${prefix}128_lookup${bits}${suffix}`],
        [index + 4, `${prefix}256_lookup${bits}${suffix}`],
      ]),
    ),
  )

const compareWrite = (prefix: string): Cell =>
  byLength(4, { 0: `${prefix}compare_write_or_incr`, 4: `${prefix}mask_compare_write` })

const MEMORY: Readonly<Record<number, Row>> = {
  0: ['read', 'read_le', 'read_swap', 'read_swap_le'],
  1: ['write', 'write_le', 'write_swap', 'write_swap_le'],
  2: ['write8', 'write8_le', 'write8_swap', 'write8_swap_le'],
  3: ['atomic_read', 'read8', compareWrite(''), compareWrite('test_')],
  4: ['atomic_write', 'swap', 'atomic_write_imm', 'swap_imm'],
  5: ['set', 'test_set', 'set_imm', 'test_set_imm'],
  6: ['clr', 'test_clr', 'clr_imm', 'test_clr_imm'],
  7: arithmetic('add'),
  8: arithmetic('addsat'),
  9: arithmetic('sub'),
  10: arithmetic('subsat'),
  11: ['ticket_release', 'ticket_release_ind'],
  12: [
    camLookup('cam', ''),
    camLookup('cam', '_add'),
    camLookup('tcam', ''),
    byLength(7, { 0: 'lock128', 2: 'cam128_lookup24_add_inc', 4: 'lock256', 6: 'cam256_lookup24_add_inc' }),
  ],
  13: [sized('microq', 'get'), sized('microq', 'pop'), sized('microq', 'put')],
  14: [sized('queue', 'lock'), sized('queue', 'unlock')],
  15: ['xor', 'test_xor', 'xor_imm', 'test_xor_imm'],
  16: [
    'ctm.packet_wait_packet_status/emem.rd_qdesc/imem.stats_log',
    'ctm.packet_read_packet_status/emem.wr_qdesc/imem.stats_log_sat',
    'emem.push_qdesc/imem.stats_log_event',
    'imem.stats_log_sat_event',
  ],
  17: [
    'ctm.packet_alloc/emem.enqueue/imem.stats_push',
    'ctm.packet_credit_get/emem.enqueue_tail/imem.stats_push_clear',
    'ctm.packet_alloc_poll/emem.dequeue',
    'ctm.packet_add_thread',
  ],
  18: [
    'ctm.packet_free/emem.read_queue/imem.lb_write_desc',
    'ctm.packet_free_and_signal/emem.read_queue_ring/imem.lb_read_desc',
    'ctm.packet_free_and_return_pointer/emem.write_queue',
    'ctm.packet_return_pointer/emem.write_queue_ring',
  ],
  19: [
    'ctm.packet_complete_drop/emem.add_tail/imem.lb_write_idtable',
    'ctm.packet_complete_unicast/emem.qadd_thread/imem.lb_read_idtable',
    'ctm.packet_complete_multicast/emem.qadd_work',
    'ctm.packet_complete_multicast_free/emem.qadd_work_imm',
  ],
  20: [
    'ctm.pe_dma_to_memory_packet/emem.put/imem.lb_bucket_write_local',
    'ctm.pe_dma_to_memory_packet_swap/imem.lb_bucket_write_dcache',
    'ctm.pe_dma_to_memory_packet_free/emem.journal',
    'ctm.pe_dma_to_memory_packet_free_swap',
  ],
  21: [
    'ctm.pe_dma_to_memory_indirect/emem.get/imem.lb_bucket_read_local',
    'ctm.pe_dma_to_memory_indirect_swap/emem.get_eop/imem.lb_bucket_read_dcache',
    'ctm.pe_dma_to_memory_indirect_free/emem.get_freely',
    'ctm.pe_dma_to_memory_indirect_free_swap',
  ],
  22: [
    'ctm.pe_dma_to_memory_buffer/emem.pop/imem.lb_lookup_bundleid',
    'ctm.pe_dma_to_memory_buffer_le/emem.pop_eop/imem.lb_lookup_dcache',
    'ctm.pe_dma_to_memory_buffer_swap/emem.pop_freely/imem.lb_lookup_idtable',
    'ctm.pe_dma_to_memory_buffer_le_swap',
  ],
  23: [
    'ctm.pe_dma_from_memory_buffer/emem.fast_journal/imem.lb_push_stats_local',
    'ctm.pe_dma_from_memory_buffer_le/emem.fast_journal_sig/imem.lb_push_stats_dcache',
    'ctm.pe_dma_from_memory_buffer_swap/imem.lb_push_stats_local_clr',
    'ctm.pe_dma_from_memory_buffer_le_swap/imem.lb_push_stats_dcache_clr',
  ],
  26: ['lookup'],
  28: ['read32', 'read32_le', 'read32_swap', 'read32_swap_le'],
  29: [undefined, 'cam_lookup_add_lock', 'cam_lookup_add_extend', 'cam_lookup_add_inc'],
  30: [undefined, undefined, 'meter'],
  31: ['write32', 'write32_le', 'write32_swap', 'write32_swap_le'],
}

const CLUSTER: Readonly<Record<number, Row>> = {
  0: ['read', 'read_le', 'swap/test_compare_write', 'xor'],
  1: ['write', 'write_le', 'write8_be', 'write8_le'],
  2: ['set', 'clr', 'test_set', 'test_clr'],
  3: ['set_imm', 'clr_imm', 'test_set_imm', 'test_clr_imm'],
  4: ['add', 'add64', 'addsat'],
  5: ['add_imm', 'add64_imm', 'addsat_imm'],
  6: ['sub', 'sub64', 'subsat'],
  7: ['sub_imm', 'sub64_imm', 'subsat_imm'],
  8: ['queue_lock', 'queue_unlock', 'hash_mask', 'hash_mask_clear'],
  9: ['get', 'pop', 'get_safe', 'pop_safe'],
  10: ['ring_put', undefined, 'ring_journal'],
  11: ['cam_lookup32', 'cam_lookup32_add', 'cam_lookup24', 'cam_lookup24_add'],
  12: ['cam_lookup8', 'cam_lookup8_add', 'cam_lookup16', 'cam_lookup16_add'],
  13: ['tcam_lookup32', 'tcam_lookup24', 'tcam_lookup16', 'tcam_lookup8'],
  14: [undefined, 'reflect_write_sig_local', 'reflect_write_sig_remote', 'reflect_write_sig_both'],
  15: [undefined, 'reflect_read_sig_local', 'reflect_read_sig_remote', 'reflect_read_sig_both'],
  16: [undefined, 'cam_lookup32_add_lock', 'cam_lookup24_add_inc', 'cam_lookup32_add_extend'],
  17: ['meter', undefined, 'statistic', 'statistic_imm'],
  20: ['test_add', 'test_add64', 'test_addsat'],
  21: ['test_add_imm', 'test_add64_imm', 'test_addsat_imm'],
  22: ['test_sub', 'test_sub64', 'test_subsat'],
  23: ['test_sub_imm', 'test_sub64_imm', 'test_subsat_imm'],
  24: ['ring_read', 'ring_write', 'ring_ordered_lock', 'ring_ordered_unlock'],
  25: ['ring_workq_add_thread', 'ring_workq_add_work'],
}

const TABLES: Readonly<Record<CommandUnit, Readonly<Record<number, Row>>>> = {
  mem: MEMORY,
  cls: CLUSTER,
  ct: {
    0: ['xpb_read', 'ring_get', 'interthread_signal'],
    1: ['xpb_write', 'ring_put', 'ctnn_write'],
    2: ['reflect_read_none', 'reflect_read_sig_init', 'reflect_read_sig_remote', 'reflect_read_sig_both'],
    3: ['reflect_write_none', 'reflect_write_sig_init', 'reflect_write_sig_remote', 'reflect_write_sig_both'],
  },
  nbi: {
    0: ['read'],
    1: ['write'],
    3: [
      'packet_ready_drop',
      'packet_ready_unicast',
      'packet_ready_multicast_dont_free',
      'packet_ready_multicast_free_on_last',
    ],
  },
  ila: {
    0: ['read', 'read_check_error'],
    1: ['write', 'write_check_error'],
    2: ['read_int'],
    3: [byLength(7, { 0: 'write_int', 3: 'write_dma' })],
  },
  pcie: { 0: ['read', 'read_rid'], 1: ['write', 'write_rid', 'write_vdm'], 2: ['read_int'], 3: ['write_int'] },
  arm: { 0: ['read'], 1: ['write'] },
  crypto: { 0: ['read'], 1: ['write'], 2: ['write_fifo'] },
  sram: {},
}

/** The name of a command, or undefined where the unit has no such action, token or length. */
export function commandName(unit: CommandUnit, action: number, token: number, count: number): string | undefined {
  const cell = TABLES[unit][action]?.[token]
  if (cell === undefined || typeof cell === 'string') return cell
  return cell.find(({ mask, value }) => (count & mask) === value)?.name
}

/** Codes of a command by unit and name: the inverse of `commandName`; `count` fixes the bits that choose the name. */
export interface NamedCommand {
  readonly target: number
  readonly token: number
  /** Bits of the length field that belong to the name, and their value. */
  readonly countMask: number
  readonly countValue: number
}

const BASES: Readonly<Record<CommandUnit, number>> = {
  ila: 0x00,
  nbi: 0x04,
  pcie: 0x0c,
  crypto: 0x14,
  arm: 0x18,
  ct: 0x1c,
  sram: 0x30,
  mem: 0x40,
  cls: 0x60,
}

/** All commands of a unit by name. */
export function commandsOf(unit: CommandUnit): ReadonlyMap<string, readonly NamedCommand[]> {
  const found = new Map<string, NamedCommand[]>()
  for (const [action, row] of Object.entries(TABLES[unit])) {
    row.forEach((cell, token) => {
      if (cell === undefined) return
      const entries = typeof cell === 'string' ? [{ mask: 0, value: 0, name: cell }] : cell
      for (const { mask, value, name } of entries) {
        const command = { target: BASES[unit] + Number(action), token, countMask: mask, countValue: value }
        found.set(name, [...(found.get(name) ?? []), command])
      }
    })
  }
  return found
}

/** Whether `text` names a unit. */
export function isCommandUnit(text: string): text is CommandUnit {
  return Object.hasOwn(BASES, text)
}
