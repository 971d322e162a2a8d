/** Tells dialects and foreign texts apart by their looks. */

import type { Dialect } from '../program'
import { grammarOf } from './grammar'
import type { DiagnosticCode } from './messages'

/** Lines that are looked at. */
const SAMPLE = 400

/** The dialect of a text: the one that more of its first lines look like; LLVM when nothing tells. */
export function detectDialect(text: string): Dialect {
  const mnemonics = new Set(grammarOf('mnemonic').firstWords)
  for (const word of ['call', 'exit', 'may_goto', 'callx']) mnemonics.delete(word)
  let llvm = 0
  let mnemonic = 0
  let at = 0
  for (let line = 0; line < SAMPLE && at <= text.length; line++) {
    const end = text.indexOf('\n', at)
    const source = text.slice(at, end < 0 ? text.length : end)
    at = end < 0 ? text.length + 1 : end + 1
    const [, word, next] = /^\s*(?:[\w.$]+:\s+)?(?:lock\s+(?=\w))?([\w*%]+)\s*(\S?)/.exec(source) ?? []
    if (word === undefined) continue
    if (source.includes('%r') || (word === 'call' && /^\s*(?:[\w.$]+:\s*)?call\s+local\b/.test(source))) mnemonic++
    else if (mnemonics.has(word) && next !== '=') mnemonic++
    else if (word === 'if' || word === 'goto' || word.startsWith('*') || /^[rw]\d/.test(word)) llvm++
  }
  return mnemonic > llvm ? 'mnemonic' : 'llvm'
}

/** Recognises texts that are no source of ours: classic BPF, hex dumps, JSON. */
export function refuseForeignText(text: string): { code: DiagnosticCode; values: string[] } | undefined {
  if (isClassicBpf(text)) return { code: 'classic-bpf', values: [] }
  const start = text.trimStart()
  if (/^[[{]/.test(start)) return { code: 'not-source', values: ['JSON'] }
  if (/^(?:[0-9a-fA-F]{2}\s*){8,}$/.test(start.slice(0, 64)) && /^[0-9a-fA-F\s]+$/.test(start))
    return { code: 'not-source', values: ['a hex dump'] }
  return undefined
}

/** `tcpdump -d` (`(000) ldh [12]`), `-ddd` (a count, then four numbers a line) and `-dd` (`{ 0x28, 0, 0, 0x0000000c },`). */
export function isClassicBpf(text: string): boolean {
  const lines = text
    .slice(0, 4096)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  const first = lines[0]
  if (first === undefined) return false
  if (
    /^\(\d{3}\) (?:ld|ldh|ldb|ldx|ldxb|ldi|st|stx|jeq|jgt|jge|jset|ja|jmp|ret|tax|txa|and|or|add|sub|mul|div|mod|lsh|rsh|xor|neg)\b/.test(
      first,
    )
  )
    return true
  if (/^\{ ?0x[0-9a-f]+, ?\d+, ?\d+, ?0x[0-9a-f]{8} ?\},?$/.test(first)) return true
  return /^\d+$/.test(first) && lines.length > 1 && lines.slice(1, 8).every((line) => /^\d+ \d+ \d+ \d+$/.test(line))
}
