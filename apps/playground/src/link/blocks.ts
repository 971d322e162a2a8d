/**
 * Basic blocks of a program, for colouring: a block begins at the start, at a jump's target and after a jump.
 * Letters follow program order: A … H, then doubled. Jump fields as in the BPF encoding (RFC 9669).
 */

export interface Block {
  /** Slots, end exclusive. */
  readonly start: number
  readonly end: number
  /** A … H, AA … HH, … */
  readonly letter: string
  /** Name of the CSS colour. */
  readonly hue: string
}

const HUES = 'abcdefgh'
const CLASS_JMP = 5
const CLASS_JMP32 = 6
const OP_CALL = 0x80
const OP_EXIT = 0x90

export function blocksOf(code: Uint8Array, insns: readonly number[]): Block[] {
  const view = new DataView(code.buffer, code.byteOffset, code.byteLength)
  const slots = code.length / 8
  const starts = new Set<number>([0])
  for (const insn of insns) {
    const opcode = code[insn * 8]!
    const group = opcode & 7
    if (group !== CLASS_JMP && group !== CLASS_JMP32) continue
    const op = opcode & 0xf0
    if (op === OP_CALL) {
      // A call between subprograms: its target begins a block, the code after it goes on.
      if (code[insn * 8 + 1]! >> 4 === 1) starts.add(insn + 1 + view.getInt32(insn * 8 + 4, true))
      continue
    }
    starts.add(insn + 1)
    if (op === OP_EXIT) continue
    const wide = group === CLASS_JMP32 && op === 0
    starts.add(insn + 1 + (wide ? view.getInt32(insn * 8 + 4, true) : view.getInt16(insn * 8 + 2, true)))
  }
  const ordered = [...starts].filter((start) => start >= 0 && start < slots).sort((a, b) => a - b)
  return ordered.map((start, index) => {
    const hue = HUES[index % HUES.length]!
    return {
      start,
      end: ordered[index + 1] ?? slots,
      letter: hue.toUpperCase().repeat(1 + Math.floor(index / HUES.length)),
      hue: `var(--b-${hue})`,
    }
  })
}
