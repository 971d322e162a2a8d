/**
 * BPF instruction codes as the driver looks at them: by class, operation, source, mode and size.
 * Values of RFC 9669; not an instruction table (that is the `bpf` package's).
 */
export const CLASS_LD = 0x00
export const CLASS_LDX = 0x01
export const CLASS_ST = 0x02
export const CLASS_STX = 0x03
export const CLASS_ALU = 0x04
export const CLASS_JMP = 0x05
export const CLASS_JMP32 = 0x06
export const CLASS_ALU64 = 0x07

export const MODE_ABS = 0x20
export const MODE_IND = 0x40
export const MODE_MEM = 0x60
export const MODE_ATOMIC = 0xc0

/** Operations of the ALU classes (upper four bits of the code). */
export const ALU_ADD = 0x00
export const ALU_SUB = 0x10
export const ALU_MUL = 0x20
export const ALU_DIV = 0x30
export const ALU_OR = 0x40
export const ALU_AND = 0x50
export const ALU_LSH = 0x60
export const ALU_RSH = 0x70
export const ALU_NEG = 0x80
export const ALU_XOR = 0xa0
export const ALU_MOV = 0xb0
export const ALU_ARSH = 0xc0
export const ALU_END = 0xd0

/** Operations of the jump classes. */
export const JMP_JA = 0x00
export const JMP_JEQ = 0x10
export const JMP_JGT = 0x20
export const JMP_JGE = 0x30
export const JMP_JSET = 0x40
export const JMP_JNE = 0x50
export const JMP_JSGT = 0x60
export const JMP_JSGE = 0x70
export const JMP_CALL = 0x80
export const JMP_EXIT = 0x90
export const JMP_JLT = 0xa0
export const JMP_JLE = 0xb0
export const JMP_JSLT = 0xc0
export const JMP_JSLE = 0xd0

export const CODE_CALL = 0x85
export const CODE_EXIT = 0x95
export const CODE_LD_IMM64 = 0x18
export const CODE_JA = 0x05

export const classOf = (code: number): number => code & 0x07
export const modeOf = (code: number): number => code & 0xe0
export const operationOf = (code: number): number => code & 0xf0
/** Second operand is a register (X) rather than a constant (K). */
export const isRegisterForm = (code: number): boolean => (code & 0x08) !== 0

export const isAlu = (code: number): boolean => classOf(code) === CLASS_ALU || classOf(code) === CLASS_ALU64
export const isJump = (code: number): boolean => classOf(code) === CLASS_JMP || classOf(code) === CLASS_JMP32
export const isLoad = (code: number): boolean => (code & 0xe7) === (CLASS_LDX | MODE_MEM)
export const isStore = (code: number): boolean => (code & 0xe7) === (CLASS_STX | MODE_MEM)
export const isStoreImm = (code: number): boolean => (code & 0xe7) === (CLASS_ST | MODE_MEM)
export const isAtomic = (code: number): boolean => (code & 0xe7) === (CLASS_STX | MODE_ATOMIC)
/** LD_ABS or LD_IND: the old way to read the packet. */
export const isLegacyLoad = (code: number): boolean =>
  classOf(code) === CLASS_LD && (modeOf(code) === MODE_ABS || modeOf(code) === MODE_IND)

/** Bytes of a memory access: size bits 0x00 W, 0x08 H, 0x10 B, 0x18 DW. */
export function accessSize(code: number): 1 | 2 | 4 | 8 {
  switch (code & 0x18) {
    case 0x00:
      return 4
    case 0x08:
      return 2
    case 0x10:
      return 1
    default:
      return 8
  }
}

/**
 * Codes that the translator has a routine for (nfp-jit.md, section 7). 0x18 is two slots, the second with code 0.
 * Not there: MOD, byte swap to little endian, 8-byte LD_ABS/LD_IND, 32-bit goto.
 */
export const SUPPORTED_CODES: ReadonlySet<number> = new Set(
  (
    '04 05 07 0c 0f 14 15 16 17 18 1c 1d 1e 1f 20 24 25 26 27 28 2c 2d 2e 2f 30 34 35 36 37 3c 3d 3e 3f 40 44 45 46 47 ' +
    '48 4c 4d 4e 4f 50 54 55 56 57 5c 5d 5e 5f 61 62 63 64 65 66 67 69 6a 6b 6c 6d 6e 6f 71 72 73 74 75 76 77 79 7a 7b ' +
    '7c 7d 7e 7f 84 85 87 95 a4 a5 a6 a7 ac ad ae af b4 b5 b6 b7 bc bd be bf c3 c4 c5 c6 c7 cc cd ce cf d5 d6 db dc dd de'
  )
    .split(' ')
    .map((text) => Number.parseInt(text, 16)),
)
