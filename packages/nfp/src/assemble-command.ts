/**
 * Command lines (`mem[read32_swap, …]`) back into words. Part of assemble-nfp.ts.
 *
 * The text of a 40-bit address says which operand is the high part but not the address mode: it is `40b_BA` when the
 * register banks ask for it, else `40b_AB`. Follows nfp-isa.md, sections 12 and 16.
 */
import { NfpSyntaxError } from './assemble-line'
import type { Line } from './assemble-line'
import type { Word } from './bits'
import { commandsOf, isCommandUnit } from './commands'
import type { CommandUnit, NamedCommand } from './commands'
import { cmd } from './encode'
import type { Operand } from './registers'

/** The unit a line names, or undefined. */
export function commandUnitOf(line: Line): CommandUnit | undefined {
  return isCommandUnit(line.name) ? line.name : undefined
}

/** Builds the word of a command line. */
export function commandWord(line: Line, unit: CommandUnit, parseOperand: (text: string) => Operand): Word {
  const wide = line.arg(3) === '<<8'
  const args = line.args(wide ? 6 : 5)
  const count = Number(args[args.length - 1]) - 1
  if (!Number.isInteger(count) || count < 0 || count > 7) {
    throw new NfpSyntaxError('operand', `"${args[args.length - 1]}" is not a length from 1 to 8`)
  }
  const { token, target } = findCommand(unit, args[0]!, count)
  const first = parseOperand(args[2]!)
  const second = parseOperand(args[wide ? 4 : 3]!)
  const { number, thirdParty } = parseData(args[1]!)
  const highInB = wide && (isBank(first, 'B') || isBank(second, 'A'))
  const mode = wide ? (highInB ? 1 : 0) + (thirdParty ? 2 : 0) : 4
  const swap = line.takePattern(/^ctx_swap\[(--|sig\d+)\]$/)
  const done = line.takePattern(/^sig_done\[(sig\d+)\]$/)
  const defer = line.takeDefer()
  return cmd(highInB ? second : first, highInB ? first : second, {
    code: { token, target },
    mode,
    count,
    xfer: number,
    wait: swap ? (defer === 0 ? true : defer === 1 ? 1 : 2) : false,
    indirect: line.take('indirect_ref'),
    signal: Number((swap?.[1] ?? done?.[1] ?? '--').match(/\d+/)?.[0] ?? 0),
  })
}

const isBank = (operand: Operand, bank: 'A' | 'B'): boolean => operand.kind === 'gpr' && operand.bank === bank

/** The data operand: a transfer register, or a number in third-party transfers. */
function parseData(text: string): { number: number; thirdParty: boolean } {
  const match = text.match(/^(?:\$xfer_(\d+)|0x([0-9a-f]+))$/)
  if (!match) throw new NfpSyntaxError('operand', `"${text}" is not a transfer register`)
  const thirdParty = match[1] === undefined
  return { number: thirdParty ? Number.parseInt(match[2]!, 16) : Number(match[1]), thirdParty }
}

const tables = new Map<CommandUnit, ReadonlyMap<string, readonly NamedCommand[]>>()

function findCommand(unit: CommandUnit, name: string, count: number): NamedCommand {
  const table = tables.get(unit) ?? commandsOf(unit)
  tables.set(unit, table)
  const found = table.get(name)?.find(({ countMask, countValue }) => (count & countMask) === countValue)
  if (!found) throw new NfpSyntaxError('instruction', `${unit} has no command "${name}" of length ${count + 1}`)
  return found
}
