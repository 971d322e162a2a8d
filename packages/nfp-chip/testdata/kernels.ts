/**
 * Small programs written directly in NFP words, shaped as the driver shapes its programs: for timing tests and benches.
 * Every builder takes the start address and the address programs end at.
 */
import {
  MEMORY_COMMANDS,
  NONE,
  alu,
  br,
  cmd,
  gprA,
  gprB,
  gprBoth,
  imm,
  immed,
  ldField,
  lm,
  mov,
  nop,
  rotateRight,
  shf,
  shiftLeft,
  shiftRight,
  withEcc,
  wordsOf,
  xfer,
} from '@offload/nfp'
import type { Word } from '@offload/nfp'

/** External memory that nothing else uses, as high part of a 40-bit address. */
const SCRATCH_HIGH = [0x1850, 0x0000] as const

const prologue = (): Word[] => [immed(gprB(22), 0x3fff), alu(gprB(22), gprB(22), 'AND', lm(1, 0))]

/** Sets R0 and ends: the exit of an XDP program (nfp-firmware-abi.md, section 3.1). */
function epilogue(at: number, done: number, verdict: number): Word[] {
  const out = at + 3
  return [
    br('br', out, 2),
    immed(gprBoth(0), verdict),
    immed(gprBoth(1), 0),
    alu(NONE, imm(3), '-', gprB(0)),
    br('bcc', out + 12),
    immed(gprB(2), 0x2282),
    immed(gprB(2), 0x4411, { width: 'word', shift: 16 }),
    shf(gprA(1), NONE, 'B', gprB(0), shiftLeft(3)),
    alu(NONE, gprA(1), 'OR', imm(0)),
    shf(gprB(2), imm(0xff), 'AND', gprB(2), shiftRight('indirect')),
    br('br', done, 2),
    mov(gprA(0), imm(0)),
    ldField(gprA(0), 12, gprB(2), shiftLeft(16)),
    ...Array.from({ length: 8 }, nop),
  ]
}

/** A whole program as relocated words: prologue, `body`, the exit with a verdict. */
export function programOf(start: number, done: number, verdict: number, body: readonly Word[]): Uint32Array {
  const head = [...prologue(), ...body]
  return wordsOf([...head, ...epilogue(start + head.length, done, verdict)].map(withEcc))
}

/** The shortest program that gives the verdict. */
export function verdictOnly(start: number, done: number, verdict: number): Uint32Array {
  return programOf(start, done, verdict, [])
}

const scratchAddress = (): Word[] => [
  immed(gprB(4), SCRATCH_HIGH[0], { shift: 16 }),
  immed(gprA(4), 0),
]

/** `count` blocking reads of one hot word in external memory. */
export function hotReads(start: number, done: number, count: number): Uint32Array {
  const read = cmd(gprA(4), gprB(4), { code: MEMORY_COMMANDS.read32Swap, mode: '40b_BA', count: 0, xfer: 0, wait: true })
  const take = [mov(gprBoth(6), xfer(0)), immed(gprBoth(7), 0)]
  return programOf(start, done, 1, [...scratchAddress(), ...Array.from({ length: count }, () => [read, ...take]).flat()])
}

/** `count` posted additions to one hot word: what the driver makes of atomic additions of 1. */
export function hotAdds(start: number, done: number, count: number): Uint32Array {
  const add = [
    immed(NONE, 0x890),
    immed(NONE, 1, { width: 'word', shift: 16 }),
    cmd(gprA(4), gprB(4), { code: MEMORY_COMMANDS.addImm, mode: '40b_BA', count: 0, xfer: 0, wait: false, indirect: true }),
  ]
  return programOf(start, done, 1, [...scratchAddress(), ...Array.from({ length: count }, () => add).flat()])
}

/** Writes two packet bytes and sends the packet back. */
export function writeAndSend(start: number, done: number): Uint32Array {
  return programOf(start, done, 3, [
    mov(gprA(4), lm(1, 2)),
    immed(gprA(6), 0x1234),
    mov(xfer(0), gprA(6)),
    cmd(gprA(4), imm(0), { code: MEMORY_COMMANDS.write8Swap, mode: '32b', count: 1, xfer: 0, wait: true }),
  ])
}

/** `count` words of arithmetic on packet bytes: two reads, 64-bit additions, shifts, exclusive or. */
export function arithmetic(start: number, done: number, count: number): Uint32Array {
  const round = [
    alu(gprBoth(6), gprA(6), '+', gprB(8)),
    alu(gprBoth(7), gprA(7), '+carry', gprB(9)),
    alu(gprBoth(8), gprA(8), 'XOR', gprB(6)),
    shf(gprBoth(9), NONE, 'B', gprB(6), shiftRight(7)),
    ldField(gprBoth(10), 5, gprB(8), rotateRight(8)),
    alu(gprBoth(11), gprA(10), '-', gprB(9)),
  ]
  const read = cmd(gprA(4), imm(0), { code: MEMORY_COMMANDS.read32Swap, mode: '32b', count: 7, xfer: 0, wait: true })
  const rounds = Array.from({ length: Math.max(1, Math.round(count / round.length)) }, () => round).flat()
  return programOf(start, done, 1, [mov(gprA(4), lm(1, 2)), read, mov(gprBoth(6), xfer(0)), mov(gprBoth(8), xfer(3)), ...rounds])
}
