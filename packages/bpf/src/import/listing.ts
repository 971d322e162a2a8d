/**
 * Reads instructions out of listings: the kernel's log (instructions appear in the order they are walked,
 * often several times), `bpftool prog dump xlated`, and llvm-objdump with relocation lines. Only words are
 * put into the assembler's form here; what they mean is the assembler's business.
 */

import { helperId } from '../helpers'

export interface ListedInsn {
  /** In the assembler's LLVM dialect. */
  text: string
  readonly slots: number
  /** Maps that the text names. */
  maps: string[]
}

export interface Listing {
  readonly insns: Map<number, ListedInsn>
  /** Functions that the listing names, by their first slot. */
  readonly functions: Map<number, string>
}

/** `12: (b7) r1 = 5`, also with the columns of "Live regs" before the opcode. */
const KERNEL_LINE = /^\s*(?:\d+ +)?(\d+): (?:[0-9.]{10} )?\(([0-9a-f]{2})\) (.*)$/
/** `12:<tab>b7 01 … <tab>r1 = 5`. */
const OBJDUMP_LINE = /^\s*([0-9]+):\t(?:(?:[0-9a-f]{2} ?)+\t)?(.*)$/
/** `<tab><tab>0000000000000020:  R_BPF_64_64<tab>counts`. */
const RELOCATION_LINE = /^\s+([0-9a-f]{8,16}):\s+R_BPF_(\w+)\s+(\S+)/
const SYMBOL_LINE = /^[0-9a-f]{8,16} <([\w.$]+)>:\s*$/
/** `; counter = lookup(…); @ flood.c:27` of the log, `; … [file:flood.c line_num:27 line_col:5]` of bpftool. */
const C_LINE = /^\s*; (.*?) ?(?:@ ([^\s:@]+):(\d+)|\[file:\S*?([^\s/]+) line_num:(\d+) line_col:\d+\])\s*$/
const SECTION_LINE = /^Disassembly of section /

/** Reads all instructions of a listing; of several sections only the first with code. */
export function readListing(text: string): Listing {
  const listing: Listing = { insns: new Map(), functions: new Map() }
  let symbol: string | undefined
  let cLine = ''
  let isOtherSection = false
  for (const line of text.split('\n')) {
    if (SECTION_LINE.test(line)) isOtherSection = listing.insns.size > 0
    if (isOtherSection) continue
    const ofC = C_LINE.exec(line)
    if (ofC !== null) {
      cLine = ` ; ${ofC[1]} @ ${ofC[2] ?? ofC[4]}:${ofC[3] ?? ofC[5]}`
      continue
    }
    const relocation = RELOCATION_LINE.exec(line)
    if (relocation !== null) {
      relocate(listing, parseInt(relocation[1]!, 16) / 8, relocation[2]!, relocation[3]!)
      continue
    }
    const named = SYMBOL_LINE.exec(line)
    if (named !== null) {
      symbol = named[1]!
      continue
    }
    const kernel = KERNEL_LINE.exec(line)
    const dump = kernel === null ? OBJDUMP_LINE.exec(line) : null
    if (kernel === null && dump === null) continue
    const slot = Number((kernel ?? dump)![1])
    if (listing.insns.has(slot) || !Number.isSafeInteger(slot)) {
      cLine = ''
      continue
    }
    const insn = kernel !== null ? kernelInsn(kernel[2]!, kernel[3]!) : objdumpInsn(dump![2]!)
    listing.insns.set(slot, { ...insn, text: insn.text + cLine })
    cLine = ''
    if (symbol !== undefined) {
      if (!/^LBB|^\./.test(symbol)) listing.functions.set(slot, symbol)
      symbol = undefined
    }
  }
  return listing
}

function objdumpInsn(text: string): ListedInsn {
  return { text: text.replace(/\s*<[^>]*>$/, '').trim(), slots: text.trim().endsWith(' ll') ? 2 : 1, maps: [] }
}

/** What a relocation line says about the instruction before it. */
function relocate({ insns }: Listing, slot: number, type: string, symbol: string): void {
  const insn = insns.get(slot)
  if (insn === undefined) return
  if (type === '64_64' && insn.slots === 2 && /^[A-Za-z_]\w*$/.test(symbol)) {
    insn.text = insn.text.replace(/=.*$/, `= ${symbol} ll`)
    insn.maps = [symbol]
  } else if (type === '64_32') insn.text = `call ${symbol}`
}

function kernelInsn(opcode: string, rest: string): ListedInsn {
  const maps: string[] = []
  // Behind two blanks and a semicolon stands the state; a comment of ours would be the same.
  let text = rest.replace(/\s*;.*$/, '').trim()
  const isWide = opcode === '18'
  if (isWide) {
    text = text.replace(/map\[id:(\d+)\](\[0\]\+\d+)?/, (_, id: string, offset: string | undefined) => {
      maps.push(`map${id}`)
      return `map[map${id}]${offset ?? ''}`
    })
    text = text.replace(
      /= subprog\[(\+?)(-?\d+)\]/,
      (_, plus: string, distance: string) =>
        `= subprog[${plus === '' && !distance.startsWith('-') ? '+' : plus}${distance}]`,
    )
    if (!text.endsWith(' ll')) text += ' ll'
  }
  if (opcode === '85') text = callText(text)
  return { text, slots: isWide ? 2 : 1, maps }
}

/** Calls of kernel symbols that are no helpers keep their number: `call __htab_map_lookup_elem#336864`. */
function callText(text: string): string {
  const call = /^call (\S+?)#(-?\d+)$/.exec(text)
  if (call === null) return text.replace(/^(call pc[+-]\d+)#.*$/, '$1')
  return helperId(call[1]!) === undefined ? `call ${call[2]}` : `call ${call[1]}`
}
