/**
 * The one table of the BPF instruction set, versions 1 to 4. Encoder, decoder, assembler, the three
 * printers (LLVM, mnemonic, kernel log) and the hover texts all derive from it.
 *
 * A form is one way an opcode is used: opcode plus the field values that tell it from others. Its
 * three templates are literal text with `{slot}` places; the slots a form's templates use are its
 * operands, and every other field must be zero. See template.ts for the slots.
 * Facts: RFC 9669; texts as LLVM 14 to 19 and the kernel's log (LOG-FORMAT.md, "Instruction text") write them.
 */

import {
  ALU,
  ATOMIC,
  CLASS,
  JMP,
  LD_IMM64,
  MODE,
  OP_CALL,
  OP_EXIT,
  OP_JA,
  OP_JA32,
  PSEUDO_CALL,
  PSEUDO_LD,
  SIZE,
  SOURCE,
} from './opcodes'

/** Version of the instruction set (`-mcpu`) that brought a form. */
export type IsaVersion = 1 | 2 | 3 | 4

export type InsnGroup =
  | 'alu64'
  | 'alu32'
  | 'byteswap'
  | 'load'
  | 'store'
  | 'atomic'
  | 'jump'
  | 'jump32'
  | 'call'
  | 'packet'

export interface InsnForm {
  /** Stable name, e.g. `add64_imm`. */
  readonly name: string
  readonly opcode: number
  /** Field values, beside the opcode, that make it this form. */
  readonly fixed: { readonly src?: number; readonly off?: number; readonly imm?: number }
  readonly llvm: string
  readonly kernel: string
  readonly mnemonic: string
  /** Other spellings that the assembler takes. */
  readonly also: { readonly llvm?: readonly string[]; readonly mnemonic?: readonly string[] }
  readonly isa: IsaVersion
  readonly group: InsnGroup
  readonly doc: string
  /** A map relocation must (true) or must not (false) be at this instruction. */
  readonly reloc?: boolean
}

interface FormOptions {
  fixed?: InsnForm['fixed']
  kernel?: string
  alsoLlvm?: readonly string[]
  alsoMnemonic?: readonly string[]
  reloc?: boolean
}

const forms: InsnForm[] = []

function add(
  name: string,
  opcode: number,
  isa: IsaVersion,
  group: InsnGroup,
  llvm: string,
  mnemonic: string,
  doc: string,
  options: FormOptions = {},
): void {
  const kernel = options.kernel ?? llvm
  // The kernel writes `r1 = 5` for a 64-bit constant too: not readable back, so not a spelling of its own.
  const alsoLlvm = [...(options.alsoLlvm ?? []), ...(kernel === llvm || opcode === LD_IMM64 ? [] : [kernel])]
  forms.push({
    name,
    opcode,
    fixed: options.fixed ?? {},
    llvm,
    kernel,
    mnemonic,
    also: {
      ...(alsoLlvm.length > 0 ? { llvm: alsoLlvm } : {}),
      ...(options.alsoMnemonic ? { mnemonic: options.alsoMnemonic } : {}),
    },
    isa,
    group,
    doc,
    ...(options.reloc === undefined ? {} : { reloc: options.reloc }),
  })
}

// ALU ------------------------------------------------------------------------------------------

interface AluOp {
  name: string
  op: number
  sign: string
  what: string
  off?: number
  isa?: IsaVersion
}

const ALU_OPS: readonly AluOp[] = [
  { name: 'add', op: ALU.ADD, sign: '+=', what: 'Adds the operand to the register' },
  { name: 'sub', op: ALU.SUB, sign: '-=', what: 'Subtracts the operand from the register' },
  { name: 'mul', op: ALU.MUL, sign: '*=', what: 'Multiplies the register by the operand' },
  {
    name: 'div',
    op: ALU.DIV,
    sign: '/=',
    what: 'Divides the register by the operand, unsigned; division by zero gives 0',
  },
  {
    name: 'sdiv',
    op: ALU.DIV,
    sign: 's/=',
    what: 'Divides the register by the operand, signed; division by zero gives 0',
    off: 1,
    isa: 4,
  },
  { name: 'or', op: ALU.OR, sign: '|=', what: 'Bitwise or of register and operand' },
  { name: 'and', op: ALU.AND, sign: '&=', what: 'Bitwise and of register and operand' },
  { name: 'lsh', op: ALU.LSH, sign: '<<=', what: 'Shifts the register left by the operand' },
  { name: 'rsh', op: ALU.RSH, sign: '>>=', what: 'Shifts the register right by the operand, filling with zeros' },
  {
    name: 'mod',
    op: ALU.MOD,
    sign: '%=',
    what: 'Remainder of an unsigned division; a divisor of zero leaves the register',
  },
  {
    name: 'smod',
    op: ALU.MOD,
    sign: 's%=',
    what: 'Remainder of a signed division; a divisor of zero leaves the register',
    off: 1,
    isa: 4,
  },
  { name: 'xor', op: ALU.XOR, sign: '^=', what: 'Bitwise exclusive or of register and operand' },
  { name: 'mov', op: ALU.MOV, sign: '=', what: 'Copies the operand into the register' },
  {
    name: 'arsh',
    op: ALU.ARSH,
    sign: 's>>=',
    what: 'Shifts the register right by the operand, filling with the sign bit',
  },
]

const WIDTHS = [
  { bits: 64, cls: CLASS.ALU64, suffix: '', dst: '{dst}', src: '{src}', group: 'alu64', note: ', 64 bits wide' },
  {
    bits: 32,
    cls: CLASS.ALU,
    suffix: '32',
    dst: '{wdst}',
    src: '{wsrc}',
    group: 'alu32',
    note: ', on the low 32 bits; the high 32 become 0',
  },
] as const

for (const w of WIDTHS) {
  for (const { name, op, sign, what, off, isa } of ALU_OPS) {
    const fixed = off === undefined ? {} : { fixed: { off } }
    const version = isa ?? 1
    const mnemonic = `${name}${w.suffix} %{dst}`
    const also = (operand: string) => (w.bits === 64 ? { alsoMnemonic: [`${name}64 %{dst}, ${operand}`] } : {})
    add(
      `${name}${w.bits}_imm`,
      w.cls | SOURCE.K | op,
      version,
      w.group,
      `${w.dst} ${sign} {imm}`,
      `${mnemonic}, {imm}`,
      `${what}${w.note}.`,
      {
        ...fixed,
        ...also('{imm}'),
      },
    )
    add(
      `${name}${w.bits}_reg`,
      w.cls | SOURCE.X | op,
      version,
      w.group,
      `${w.dst} ${sign} ${w.src}`,
      `${mnemonic}, %{src}`,
      `${what}${w.note}.`,
      {
        ...fixed,
        ...also('%{src}'),
        // clang writes the move that clears the upper half so.
        ...(name === 'mov' && w.bits === 32 ? { alsoLlvm: ['{dst} = {wsrc}'] } : {}),
      },
    )
  }
  add(
    `neg${w.bits}`,
    w.cls | ALU.NEG,
    1,
    w.group,
    `${w.dst} = -${w.dst}`,
    `neg${w.suffix} %{dst}`,
    `Negates the register${w.note}.`,
    w.bits === 64 ? { alsoMnemonic: ['neg64 %{dst}'] } : {},
  )
  for (const bits of w.bits === 64 ? [8, 16, 32] : [8, 16]) {
    add(
      `movsx${bits}_${w.bits}`,
      w.cls | SOURCE.X | ALU.MOV,
      4,
      w.group,
      `${w.dst} = (s${bits})${w.src}`,
      `movsx${bits}${w.bits} %{dst}, %{src}`,
      `Copies the low ${bits} bits of the source and extends their sign to ${w.bits} bits.`,
      { fixed: { off: bits } },
    )
  }
}

add(
  'addr_space_cast',
  CLASS.ALU64 | SOURCE.X | ALU.MOV,
  4,
  'alu64',
  '{dst} = addr_space_cast({src}, {space_to}, {space_from})',
  'addr_space_cast %{dst}, %{src}, {space_to}, {space_from}',
  'Converts an arena pointer between address spaces; arenas do not exist on a card.',
  { fixed: { off: 1 } },
)

for (const bits of [16, 32, 64]) {
  const order = `Converts the low ${bits} bits between host byte order and`
  add(
    `le${bits}`,
    CLASS.ALU | SOURCE.K | ALU.END,
    1,
    'byteswap',
    `{dst} = le${bits} {dst}`,
    `le${bits} %{dst}`,
    `${order} little-endian; higher bits become 0.`,
    {
      fixed: { imm: bits },
    },
  )
  add(
    `be${bits}`,
    CLASS.ALU | SOURCE.X | ALU.END,
    1,
    'byteswap',
    `{dst} = be${bits} {dst}`,
    `be${bits} %{dst}`,
    `${order} big-endian (network order); higher bits become 0.`,
    {
      fixed: { imm: bits },
    },
  )
  add(
    `bswap${bits}`,
    CLASS.ALU64 | SOURCE.K | ALU.END,
    4,
    'byteswap',
    `{dst} = bswap${bits} {dst}`,
    `bswap${bits} %{dst}`,
    `Swaps the bytes of the low ${bits} bits, whatever the host's order; higher bits become 0.`,
    {
      fixed: { imm: bits },
      alsoMnemonic: [`swap${bits} %{dst}`],
    },
  )
}

// Memory ---------------------------------------------------------------------------------------

const SIZES = [
  { bits: 8, size: SIZE.B, letter: 'b' },
  { bits: 16, size: SIZE.H, letter: 'h' },
  { bits: 32, size: SIZE.W, letter: 'w' },
  { bits: 64, size: SIZE.DW, letter: 'dw' },
] as const

for (const { bits, size, letter } of SIZES) {
  // LLVM writes 32-bit register names for narrow accesses from some version on; both are read, r is printed.
  const dst = bits === 64 ? '{dst}' : '{xdst}'
  const src = bits === 64 ? '{src}' : '{xsrc}'
  const rest = bits === 64 ? '' : '; the rest of the register becomes 0'
  add(
    `ldx_${letter}`,
    CLASS.LDX | MODE.MEM | size,
    1,
    'load',
    `${dst} = *(u${bits} *)({src}{off})`,
    `ldx${letter} %{dst}, [%{src}{off}]`,
    `Loads ${bits} bits from memory${rest}.`,
  )
  if (bits < 64) {
    add(
      `ldsx_${letter}`,
      CLASS.LDX | MODE.MEMSX | size,
      4,
      'load',
      `{dst} = *(s${bits} *)({src}{off})`,
      `ldxs${letter} %{dst}, [%{src}{off}]`,
      `Loads ${bits} bits from memory and extends their sign to 64 bits.`,
    )
  }
  add(
    `stx_${letter}`,
    CLASS.STX | MODE.MEM | size,
    1,
    'store',
    `*(u${bits} *)({dst}{off}) = ${src}`,
    `stx${letter} [%{dst}{off}], %{src}`,
    `Stores the low ${bits} bits of the source register.`,
  )
  add(
    `st_${letter}`,
    CLASS.ST | MODE.MEM | size,
    1,
    'store',
    `*(u${bits} *)({dst}{off}) = {imm}`,
    `st${letter} [%{dst}{off}], {imm}`,
    `Stores an immediate, ${bits === 64 ? 'sign-extended to 64 bits' : `its low ${bits} bits`}.`,
  )
}

for (const { bits, size, letter } of SIZES) {
  if (bits === 64) continue
  add(
    `ld_abs_${letter}`,
    CLASS.LD | MODE.ABS | size,
    1,
    'packet',
    `r0 = *(u${bits} *)skb[{imm}]`,
    `ldabs${letter} {imm}`,
    `Loads ${bits} bits at a fixed offset of the packet into r0, in host order; ends the program with 0 when outside. Needs r6 = context.`,
  )
  add(
    `ld_ind_${letter}`,
    CLASS.LD | MODE.IND | size,
    1,
    'packet',
    `r0 = *(u${bits} *)skb[{src}{plus}]`,
    `ldind${letter} %{src}, {imm}`,
    `Loads ${bits} bits at offset register + immediate of the packet into r0. Needs r6 = context.`,
  )
}

// 64-bit immediates ----------------------------------------------------------------------------

const imm64 = (src: number, reloc: boolean, kernel = '{dst} = {imm64}'): FormOptions => ({
  fixed: { src },
  reloc,
  kernel,
})
add(
  'ld_imm64',
  LD_IMM64,
  1,
  'load',
  '{dst} = {imm64} ll',
  'lddw %{dst}, {imm64}',
  'Loads a 64-bit constant; takes two slots.',
  imm64(PSEUDO_LD.CONST, false),
)
add(
  'ld_map',
  LD_IMM64,
  1,
  'load',
  '{dst} = {map} ll',
  'lddw %{dst}, {map}',
  'Loads the address of a map; takes two slots.',
  imm64(PSEUDO_LD.MAP_FD, true, '{dst} = {map}'),
)
add(
  'ld_map_value',
  LD_IMM64,
  1,
  'load',
  '{dst} = {value} ll',
  'lddw %{dst}, {value}',
  'Loads the address of a byte in the value of a one-element array map; takes two slots.',
  imm64(PSEUDO_LD.MAP_VALUE, true, '{dst} = {value}'),
)
add(
  'ld_map_fd',
  LD_IMM64,
  1,
  'load',
  '{dst} = map_fd({imm}) ll',
  'lddw %{dst}, map_fd({imm})',
  'Loads the address of the map with a file descriptor; takes two slots.',
  imm64(PSEUDO_LD.MAP_FD, false),
)
add(
  'ld_map_fd_value',
  LD_IMM64,
  1,
  'load',
  '{dst} = map_fd_value({imm}, {next}) ll',
  'lddw %{dst}, map_fd_value({imm}, {next})',
  'Loads the address of a byte in the value of the map with a file descriptor; takes two slots.',
  imm64(PSEUDO_LD.MAP_VALUE, false),
)
add(
  'ld_btf_var',
  LD_IMM64,
  1,
  'load',
  '{dst} = btf_var({imm}, {next}) ll',
  'lddw %{dst}, btf_var({imm}, {next})',
  'Loads the address of a kernel variable by its BTF id; takes two slots.',
  imm64(PSEUDO_LD.BTF_ID, false),
)
add(
  'ld_func',
  LD_IMM64,
  1,
  'load',
  '{dst} = {func} ll',
  'lddw %{dst}, {func}',
  'Loads the address of a subprogram, for a callback; takes two slots.',
  imm64(PSEUDO_LD.FUNC, false),
)
add(
  'ld_map_idx',
  LD_IMM64,
  1,
  'load',
  '{dst} = map_idx({imm}) ll',
  'lddw %{dst}, map_idx({imm})',
  'Loads the address of a map by its index in the array of descriptors given at load; takes two slots.',
  imm64(PSEUDO_LD.MAP_IDX, false),
)
add(
  'ld_map_idx_value',
  LD_IMM64,
  1,
  'load',
  '{dst} = map_idx_value({imm}, {next}) ll',
  'lddw %{dst}, map_idx_value({imm}, {next})',
  'Loads the address of a byte in a map value, the map by its index; takes two slots.',
  imm64(PSEUDO_LD.MAP_IDX_VALUE, false),
)

// Atomics --------------------------------------------------------------------------------------

const ATOMIC_OPS = [
  { name: 'add', op: ATOMIC.ADD, sign: '+=', what: 'adds the source register to memory' },
  { name: 'or', op: ATOMIC.OR, sign: '|=', what: 'ors the source register into memory' },
  { name: 'and', op: ATOMIC.AND, sign: '&=', what: 'ands the source register into memory' },
  { name: 'xor', op: ATOMIC.XOR, sign: '^=', what: 'exclusive-ors the source register into memory' },
] as const

for (const { bits, size, letter } of [SIZES[3], SIZES[2], SIZES[1], SIZES[0]]) {
  const opcode = CLASS.STX | MODE.ATOMIC | size
  const suffix = bits === 64 ? '' : String(bits)
  const at = `(u${bits} *)({dst}{off})`
  const mem = `[%{dst}{off}]`
  const wsrc = bits === 64 ? '{src}' : '{wsrc}'
  const kernelName = bits === 64 ? 'atomic64' : 'atomic'
  const narrow = bits < 32 ? ' The kernel refuses it at this width.' : ''
  for (const { name, op, sign, what } of ATOMIC_OPS) {
    const isa = name === 'add' ? 1 : 3
    add(
      `atomic_${name}${bits}`,
      opcode,
      isa,
      'atomic',
      `lock *${at} ${sign} ${wsrc}`,
      `lock ${name}${suffix} ${mem}, %{src}`,
      `Atomically ${what}, ${bits} bits.${narrow}`,
      {
        fixed: { imm: op },
        kernel: `lock *${at} ${sign} {src}`,
        ...(bits === 64 ? { alsoMnemonic: [`lock ${name}64 ${mem}, %{src}`] } : {}),
      },
    )
    add(
      `atomic_fetch_${name}${bits}`,
      opcode,
      3,
      'atomic',
      `${wsrc} = atomic_fetch_${name}(${at}, ${wsrc})`,
      `lock fetch ${name}${suffix} ${mem}, %{src}`,
      `Atomically ${what}, ${bits} bits, and puts the old value into the source register.${narrow}`,
      {
        fixed: { imm: op | ATOMIC.FETCH },
        kernel: `{src} = ${kernelName}_fetch_${name}(${at}, {src})`,
        alsoMnemonic: [`lock fetch_${name}${suffix} ${mem}, %{src}`],
      },
    )
  }
  const short = bits === 64 ? '_64' : bits === 32 ? '32_32' : `_${bits}`
  const r0 = bits === 64 ? 'r0' : 'w0'
  add(
    `atomic_xchg${bits}`,
    opcode,
    3,
    'atomic',
    `${wsrc} = xchg${short}({dst}{off}, ${wsrc})`,
    `lock xchg${suffix} ${mem}, %{src}`,
    `Atomically swaps memory and the source register, ${bits} bits.${narrow}`,
    {
      fixed: { imm: ATOMIC.XCHG },
      kernel: `{src} = ${kernelName}_xchg(${at}, {src})`,
    },
  )
  add(
    `atomic_cmpxchg${bits}`,
    opcode,
    3,
    'atomic',
    `${r0} = cmpxchg${short}({dst}{off}, ${r0}, ${wsrc})`,
    `lock cmpxchg${suffix} ${mem}, %{src}`,
    `Atomically compares memory with r0 and, if equal, stores the source register; r0 gets the old value, ${bits} bits.${narrow}`,
    {
      fixed: { imm: ATOMIC.CMPXCHG },
      kernel: `r0 = ${kernelName}_cmpxchg(${at}, r0, {src})`,
    },
  )
  add(
    `load_acquire${bits}`,
    opcode,
    4,
    'atomic',
    `${bits === 64 ? '{dst}' : '{wdst}'} = load_acquire((u${bits} *)({src}{off}))`,
    `ldacq${letter} %{dst}, [%{src}{off}]`,
    `Loads ${bits} bits; no later access may move before it.`,
    {
      fixed: { imm: ATOMIC.LOAD_ACQ },
      kernel: `{dst} = load_acquire((u${bits} *)({src}{off}))`,
    },
  )
  add(
    `store_release${bits}`,
    opcode,
    4,
    'atomic',
    `store_release(${at}, ${wsrc})`,
    `strel${letter} ${mem}, %{src}`,
    `Stores ${bits} bits; no earlier access may move after it.`,
    {
      fixed: { imm: ATOMIC.STORE_REL },
      kernel: `store_release(${at}, {src})`,
    },
  )
}

// Jumps ----------------------------------------------------------------------------------------

const CONDITIONS = [
  { name: 'jeq', op: JMP.JEQ, sign: '==', what: 'equal' },
  { name: 'jne', op: JMP.JNE, sign: '!=', what: 'not equal' },
  { name: 'jgt', op: JMP.JGT, sign: '>', what: 'greater, unsigned' },
  { name: 'jge', op: JMP.JGE, sign: '>=', what: 'greater or equal, unsigned' },
  { name: 'jlt', op: JMP.JLT, sign: '<', what: 'less, unsigned', isa: 2 },
  { name: 'jle', op: JMP.JLE, sign: '<=', what: 'less or equal, unsigned', isa: 2 },
  { name: 'jsgt', op: JMP.JSGT, sign: 's>', what: 'greater, signed' },
  { name: 'jsge', op: JMP.JSGE, sign: 's>=', what: 'greater or equal, signed' },
  { name: 'jslt', op: JMP.JSLT, sign: 's<', what: 'less, signed', isa: 2 },
  { name: 'jsle', op: JMP.JSLE, sign: 's<=', what: 'less or equal, signed', isa: 2 },
  { name: 'jset', op: JMP.JSET, sign: '&', what: 'sharing a set bit with it' },
] as const

add(
  'ja',
  OP_JA,
  1,
  'jump',
  'goto {jump}',
  'ja {jump}',
  'Jumps; the offset counts 8-byte slots from the next instruction.',
)
for (const w of [
  { bits: 64, cls: CLASS.JMP, suffix: '', dst: '{dst}', src: '{src}', group: 'jump', reg: 'register' },
  {
    bits: 32,
    cls: CLASS.JMP32,
    suffix: '32',
    dst: '{wdst}',
    src: '{wsrc}',
    group: 'jump32',
    reg: "register's low 32 bits",
  },
] as const) {
  for (const condition of CONDITIONS) {
    const { name, op, sign, what } = condition
    const isa = w.bits === 32 ? 3 : 'isa' in condition ? condition.isa : 1
    const is = name === 'jset' ? 'share a set bit with the operand' : `are ${what} compared with the operand`
    const doc = `Jumps if the ${w.reg} ${w.bits === 64 ? is.replace(/^are/, 'is').replace(/^share/, 'shares') : is}.`
    add(
      `${name}${w.bits}_imm`,
      w.cls | SOURCE.K | op,
      isa,
      w.group,
      `if ${w.dst} ${sign} {cmp} goto {jump}`,
      `${name}${w.suffix} %{dst}, {imm}, {jump}`,
      doc,
    )
    add(
      `${name}${w.bits}_reg`,
      w.cls | SOURCE.X | op,
      isa,
      w.group,
      `if ${w.dst} ${sign} ${w.src} goto {jump}`,
      `${name}${w.suffix} %{dst}, %{src}, {jump}`,
      doc,
    )
  }
}
add(
  'ja32',
  OP_JA32,
  4,
  'jump32',
  'gotol {jump32}',
  'ja32 {jump32}',
  'Jumps with a 32-bit offset, counted in 8-byte slots from the next instruction.',
)
add(
  'may_goto',
  CLASS.JMP | JMP.JCOND,
  4,
  'jump',
  'may_goto {jump}',
  'may_goto {jump}',
  'Jumps when the kernel decides that a loop has run long enough; else falls through.',
)
add(
  'call_helper',
  OP_CALL,
  1,
  'call',
  'call {helper}',
  'call {helper}',
  'Calls a kernel helper: arguments in r1 to r5, result in r0; r1 to r5 are lost.',
  { fixed: { src: PSEUDO_CALL.HELPER } },
)
add(
  'call_local',
  OP_CALL,
  1,
  'call',
  'call {callee}',
  'call local {callee}',
  'Calls a subprogram: arguments in r1 to r5, result in r0; r6 to r9 are kept.',
  { fixed: { src: PSEUDO_CALL.LOCAL } },
)
add(
  'call_kfunc',
  OP_CALL,
  3,
  'call',
  'call kfunc({imm})',
  'call kfunc({imm})',
  'Calls a kernel function by its BTF id.',
  {
    fixed: { src: PSEUDO_CALL.KFUNC },
    kernel: 'call unknown#{imm}',
  },
)
add('callx', 0x8d, 4, 'call', 'callx {dst}', 'call %{dst}', 'Calls the address in a register; Linux refuses it.', {
  alsoMnemonic: ['callx %{dst}'],
})
add('exit', OP_EXIT, 1, 'call', 'exit', 'exit', 'Ends the function or the program; r0 is its result.')

/** Every form of every instruction, in the order of the families. */
export const INSN_FORMS: readonly InsnForm[] = forms
