/**
 * Imports texts that are no source of ours: verifier logs, `bpftool prog dump xlated`, objdump listings with
 * relocations, hex dumps, JSON lists of instructions. Gives source text in the LLVM dialect that assembles,
 * with labels, and says what it had to guess. Classic BPF is recognised and refused.
 */

import { assemble } from '../assembler/assemble'
import { isClassicBpf } from '../assembler/detect'
import { disassemble } from '../disassemble'
import { toHex } from '../insn'
import { mapTypeName } from '../map-types'
import type { MapDef, MapReloc, Program, ProgType } from '../program'
import { type ListedInsn, readListing } from './listing'
import { readHexDump, readInsnJson } from './raw'

export type ForeignKind = 'kernel-log' | 'xlated' | 'objdump' | 'hex' | 'json'

export interface ForeignNote {
  readonly severity: 'warning' | 'info'
  readonly message: string
}

export type ForeignResult =
  | { readonly ok: true; readonly kind: ForeignKind; readonly source: string; readonly notes: readonly ForeignNote[] }
  | { readonly ok: false; readonly reason: string }

const MAX_TEXT = 8 * 1024 * 1024
const MAX_SLOTS = 1_000_000

/** What kind of foreign text this is; undefined for source text (or for nothing that is known). */
export function detectForeignText(text: string): ForeignKind | 'classic-bpf' | undefined {
  if (isClassicBpf(text)) return 'classic-bpf'
  const head = text.slice(0, 20_000)
  if (/^\s*[[{]/.test(head)) return 'json'
  if (/^\s*(?:(?:0x|\\x)?[0-9a-f]{2}[\s,]*){8}/i.test(head) && readHexDump(text) !== undefined) return 'hex'
  if (/^\s*[0-9a-f]{8}: (?:[0-9a-f]{4} ){4}/.test(head)) return 'hex'
  if (/^\s*\d+:\t(?:[0-9a-f]{2} ){8}/m.test(head) || /^[0-9a-f]{16} <[^>]+>:\s*$/m.test(head)) return 'objdump'
  if (/^\s*(?:\d+ +)?\d+: (?:[0-9.]{10} )?\([0-9a-f]{2}\) /m.test(head))
    return /^func#\d|^processed \d+ insns|R1=ctx|; R\d=/m.test(text) ? 'kernel-log' : 'xlated'
  return undefined
}

/** Imports a foreign text; `progType` where the text does not tell, default xdp. */
export function importForeignText(text: string, progType: ProgType = 'xdp'): ForeignResult {
  if (text.length > MAX_TEXT) return { ok: false, reason: `The text is longer than ${MAX_TEXT} characters` }
  const kind = detectForeignText(text)
  switch (kind) {
    case undefined:
      return { ok: false, reason: 'This is no listing, log, hex dump or JSON of BPF instructions' }
    case 'classic-bpf':
      return {
        ok: false,
        reason:
          'This is classic BPF (as `tcpdump -d` prints it): a different, older machine, whose programs no XDP or TC hook takes',
      }
    case 'hex': {
      const insns = readHexDump(text)
      return insns === undefined
        ? { ok: false, reason: 'The hex dump does not hold whole 8-byte instructions' }
        : fromBytes('hex', insns, progType)
    }
    case 'json':
      return importJson(text, progType)
    case 'kernel-log':
    case 'xlated':
    case 'objdump':
      return importListing(kind, text, progType)
  }
}

function fromBytes(
  kind: ForeignKind,
  insns: Uint8Array,
  progType: ProgType,
  maps: readonly MapDef[] = [],
  relocs: readonly MapReloc[] = [],
  license = 'GPL',
): ForeignResult {
  if (insns.length === 0) return { ok: false, reason: 'There are no instructions' }
  if (insns.length > MAX_SLOTS * 8) return { ok: false, reason: `There are more than ${MAX_SLOTS} instructions` }
  const program: Program = {
    name: 'main',
    progType,
    license,
    insns,
    maps,
    relocs,
    subprograms: [{ name: 'main', start: 0 }],
    labels: [],
    lines: new Int32Array(insns.length / 8),
  }
  const source = disassemble(program, { labels: true })
  const again = assemble(source, { dialect: 'llvm' })
  if (!again.ok || toHex(again.program.insns) !== toHex(insns))
    return { ok: false, reason: 'The instructions cannot be written as text' }
  return { ok: true, kind, source, notes: [] }
}

// JSON ---------------------------------------------------------------------------------------------

const PROG_TYPES: readonly ProgType[] = ['xdp', 'sched_cls', 'sched_act', 'socket_filter', 'cgroup_skb']

function importJson(text: string, progType: ProgType): ForeignResult {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { ok: false, reason: 'The JSON is damaged' }
  }
  const listed = listingLines(value)
  if (listed !== undefined) {
    const result = importListing('xlated', listed.join('\n'), progType)
    return result.ok ? { ...result, kind: 'json' } : result
  }
  const read = readInsnJson(value)
  if (typeof read === 'string') return { ok: false, reason: read }
  const object: Record<string, unknown> = isRecord(value) ? value : {}
  const maps = readMaps(object['maps'])
  const relocs = readRelocs(object['relocs'], maps.length, read.length / 8)
  const type = PROG_TYPES.find((candidate) => candidate === object['prog_type']) ?? progType
  return fromBytes('json', read, type, maps, relocs)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** `bpftool -j prog dump xlated`: objects with `disasm`, some with the bytes beside it. */
function listingLines(value: unknown): string[] | undefined {
  const list = Array.isArray(value) ? value.flat(1) : undefined
  if (
    list === undefined ||
    list.length === 0 ||
    !list.every((entry) => isRecord(entry) && typeof entry['disasm'] === 'string')
  )
    return undefined
  let slot = 0
  return list.map((entry: Record<string, unknown>) => {
    const text = String(entry['disasm']).replace(/\n/g, ' ')
    const line = `${slot}: ${text}`
    slot += text.startsWith('(18)') ? 2 : 1
    return line
  })
}

function readMaps(value: unknown): MapDef[] {
  if (!Array.isArray(value)) return []
  const number = (from: unknown) => (typeof from === 'number' && Number.isInteger(from) && from >= 0 ? from : 0)
  return value.filter(isRecord).map((map, i) => ({
    name: typeof map['name'] === 'string' ? map['name'] : `map${i}`,
    type: typeof map['type'] === 'string' || typeof map['type'] === 'number' ? mapTypeName(map['type']) : 'array',
    key_size: number(map['key_size']),
    value_size: number(map['value_size']),
    max_entries: number(map['max_entries']),
    map_flags: number(map['map_flags']),
  }))
}

function readRelocs(value: unknown, mapCount: number, slots: number): MapReloc[] {
  if (!Array.isArray(value)) return []
  return value
    .filter(isRecord)
    .flatMap(({ insn, map }) =>
      typeof insn === 'number' && typeof map === 'number' && map >= 0 && map < mapCount && insn >= 0 && insn < slots
        ? [{ insn, map }]
        : [],
    )
}

// Listings -----------------------------------------------------------------------------------------

function importListing(kind: ForeignKind, text: string, progType: ProgType): ForeignResult {
  const listing = readListing(text)
  if (listing.insns.size === 0) return { ok: false, reason: 'There are no instructions in the listing' }
  const last = Math.max(...listing.insns.keys())
  if (last >= MAX_SLOTS) return { ok: false, reason: `Instruction ${last} is beyond any program` }
  const notes: ForeignNote[] = []
  const lines: string[] = []
  const maps = new Set<string>()
  let missing = 0
  for (let slot = 0; slot <= last;) {
    const insn = listing.insns.get(slot)
    if (insn === undefined) {
      // What the kernel puts in place of code that is never reached.
      lines.push('goto -1')
      missing++
      slot++
      continue
    }
    for (const map of insn.maps) maps.add(map)
    lines.push(insn.text)
    slot += insn.slots
  }
  if (missing > 0)
    notes.push({
      severity: 'warning',
      message: `${missing} instructions are not in the listing (never reached); a jump to itself stands for each`,
    })
  if (maps.size > 0)
    notes.push({
      severity: 'warning',
      message: `Types and sizes of the maps are not in the listing; ${[...maps].join(', ')} ${maps.size > 1 ? 'are' : 'is'} taken as an array of 8-byte values`,
    })
  const targets = [...listing.functions].map(([slot, name]) => [slot, name] as const)
  const source = [
    ...[...maps].map((map) => `.map ${map} array key 4 value 8 max 1`),
    `.prog ${progType === 'sched_cls' ? 'tc' : progType} main`,
    ...withFunctions(lines, listing.insns, targets),
  ].join('\n')
  const assembled = assemble(source, { dialect: 'llvm', progType })
  if (!assembled.ok) {
    const finding = assembled.diagnostics.find(({ severity }) => severity === 'error')!
    return { ok: false, reason: `"${source.split('\n')[finding.range.startLine - 1]?.trim()}": ${finding.message}` }
  }
  return { ok: true, kind, source: disassemble(assembled.program, { labels: true }), notes }
}

/** Puts `.func` before the first instruction of each function that the listing names. */
function withFunctions(
  lines: readonly string[],
  insns: ReadonlyMap<number, ListedInsn>,
  functions: readonly (readonly [number, string])[],
): string[] {
  const starts = new Map(functions.filter(([slot]) => slot > 0 && insns.has(slot)))
  const out: string[] = []
  let slot = 0
  for (const line of lines) {
    const name = starts.get(slot)
    if (name !== undefined) out.push(`.func ${name}`)
    out.push(line)
    slot += insns.get(slot)?.slots ?? 1
  }
  return out
}
