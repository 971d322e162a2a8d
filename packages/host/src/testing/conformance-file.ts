/** A file of the public BPF conformance suite: program, memory, stated result. For tests. */
import { assemble } from '@offload/bpf'
import { parseHex } from '@offload/packet'

export interface ConformanceCase {
  /** The program, or why there is none. */
  readonly insns: Uint8Array | string
  readonly memory: Uint8Array
  /** R0 at the end. */
  readonly result: bigint
}

/** The case of a file's text; undefined where the suite states no result. */
export function parseConformance(text: string): ConformanceCase | undefined {
  const sections: Record<string, string> = {}
  let section = ''
  for (const line of text.split('\n')) {
    const head = /^--\s*(.+?)\s*$/.exec(line)
    if (head) {
      section = head[1]!
      sections[section] = ''
    } else if (section) sections[section] += `${line.replace(/#.*/, '')}\n`
  }
  const { asm, raw, mem, result } = sections
  if (result === undefined) return undefined
  return {
    insns: raw === undefined ? assembled(asm ?? '') : parseHex(rawHex(raw))!,
    memory: parseHex(mem ?? '')!,
    result: BigInt.asUintN(64, BigInt(result.trim())),
  }
}

function assembled(text: string): Uint8Array | string {
  const result = assemble(text, { dialect: 'mnemonic' })
  return result.ok ? result.program.insns : `does not assemble: ${JSON.stringify(result.diagnostics[0])}`
}

/** Raw programs are words of 64 bits, most significant digit first. */
function rawHex(raw: string): string {
  const words = raw
    .trim()
    .split(/\s+/)
    .map((word) => word.replace(/^0x/, '').padStart(2, '0'))
  return words.map((word) => (word.length === 16 ? word.match(/../g)!.toReversed().join('') : word)).join('')
}
