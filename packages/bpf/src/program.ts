/**
 * The program: what the assembler makes and every later stage takes.
 *
 * Instructions stay in their 8-byte encoding, in one array; everything else is a side table.
 * A plain value: it can be cloned, sent to a worker, or written as JSON (bytes aside).
 */

/** Program types that this project knows; names as in the kernel's `bpf_prog_type`, lower case. */
export type ProgType = 'xdp' | 'sched_cls' | 'sched_act' | 'socket_filter' | 'cgroup_skb'

/** Two ways to write BPF: LLVM's C-like text, and the mnemonics of the conformance suite. */
export type Dialect = 'llvm' | 'mnemonic'

/** How the bytes of a map's key or value, or a field of it, are read. Offsets and sizes in bytes. */
export type DataType =
  | {
      readonly kind: 'int'
      readonly size: 1 | 2 | 4 | 8
      readonly signed: boolean
      readonly format?: IntFormat
      /** Stored in network order; absent means little-endian. */
      readonly bigEndian?: boolean
      /** What the number stands for in C, where it is no plain integer. */
      readonly encoding?: 'bool' | 'char' | 'enum' | 'pointer' | 'float'
      /** Names of values, for an enum. */
      readonly names?: readonly (readonly [name: string, value: number | bigint])[]
      /** A bit field: position (from the lowest bit of the `size` bytes) and width in bits. */
      readonly bits?: { readonly offset: number; readonly size: number }
    }
  | { readonly kind: 'array'; readonly of: DataType; readonly count: number; readonly format?: 'mac' | 'ipv6' | 'hex' }
  | { readonly kind: 'struct'; readonly name: string; readonly size: number; readonly fields: readonly DataField[] }

/** A hint how an integer reads best; whether it is in network order says `bigEndian`. */
export type IntFormat = 'dec' | 'hex' | 'ipv4' | 'port' | 'ethertype' | 'ipproto'

export interface DataField {
  readonly name: string
  readonly offset: number
  readonly type: DataType
}

/** A map as a program asks for it. `type` is the kernel's name in lower case (`array`, `hash`, `perf_event_array`, …) or its number. */
export interface MapDef {
  readonly name?: string
  readonly type: string | number
  readonly key_size: number
  readonly value_size: number
  readonly max_entries: number
  readonly map_flags?: number
  readonly key?: DataType
  readonly value?: DataType
  /** What a map of maps holds. */
  readonly inner?: MapDef
}

/** The `ld_imm64` at instruction `insn` refers to map number `map`; its src_reg (1 map, 2 map value) stays in the instruction. */
export interface MapReloc {
  readonly insn: number
  readonly map: number
}

/** First contents of a map that stands for a data section: the value of its entry 0, zero behind `data`. */
export interface MapContents {
  readonly map: number
  readonly data: Uint8Array
  /** The loader forbids the host to write the map afterwards. */
  readonly frozen: boolean
}

export interface Subprogram {
  readonly name: string
  /** First instruction (in 8-byte slots). */
  readonly start: number
}

export interface Label {
  readonly name: string
  readonly insn: number
}

/** A line of C (or of another language) and the instruction that begins what was made of it. */
export interface CLine {
  readonly insn: number
  readonly file: string
  /** From 1; 0: from this instruction on no line is known. */
  readonly line: number
  /** From 1; 0 where it is not known. */
  readonly column: number
  readonly text: string
}

export interface Program {
  readonly name: string
  readonly progType: ProgType
  readonly license: string
  /** 8 bytes an instruction; an `ld_imm64` takes two slots. */
  readonly insns: Uint8Array
  readonly maps: readonly MapDef[]
  readonly relocs: readonly MapReloc[]
  /** Subprogram 0 is the program itself, at instruction 0. */
  readonly subprograms: readonly Subprogram[]
  readonly labels: readonly Label[]
  /** Source line (from 1) of each slot; 0 where there is none. */
  readonly lines: Int32Array
  /** Source line (from 1) of each map's declaration; absent where the program came from no text. */
  readonly mapLines?: readonly number[]
  /** Lines of C by the instructions that they begin at, in their order; absent means none is known. */
  readonly cLines?: readonly CLine[]
  /** What to put into maps before the program runs; absent means nothing. */
  readonly contents?: readonly MapContents[]
}

/** A place in a source text: lines and columns from 1, end exclusive. */
export interface SourceRange {
  readonly startLine: number
  readonly startColumn: number
  readonly endLine: number
  readonly endColumn: number
}

export interface TextEdit {
  readonly range: SourceRange
  readonly text: string
}

/** One finding about a source text. `code` is stable, `message` says what is wrong, `expected` what would be right. */
export interface Diagnostic {
  readonly code: string
  readonly severity: 'error' | 'warning' | 'info'
  readonly message: string
  readonly range: SourceRange
  readonly expected?: string
  readonly fix?: { readonly title: string; readonly edits: readonly TextEdit[] }
}

export type AssembleResult =
  | {
      readonly ok: true
      readonly program: Program
      readonly dialect: Dialect
      readonly diagnostics: readonly Diagnostic[]
    }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] }
