/** The few text tools that people put behind a pipe: grep, head, tail, wc, sort, uniq, cat. Pure functions of their input. */
import { ToolExit } from './result'

type TextFilter = (words: readonly string[], input: string) => { readonly text: string; readonly code: number }

function linesOf(input: string): string[] {
  const lines = input.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines
}

const joined = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('')

/** Largest pattern and line that are tried, so that no expression runs away. */
const MAX_PATTERN = 200
const MAX_LINE = 2000

function grep(words: readonly string[], input: string): { text: string; code: number } {
  const flags = words.filter((word) => word.startsWith('-') && word.length > 1).join('')
  const pattern = words.find((word) => !word.startsWith('-'))
  if (pattern === undefined) throw new ToolExit('Usage: grep [OPTION]... PATTERNS [FILE]...\n', 2)
  let test: (line: string) => boolean
  const fold = flags.includes('i')
  // Nested repetition could take for ever; such patterns are looked for as plain text.
  if (flags.includes('F') || pattern.length > MAX_PATTERN || /[*+?}]\)?[*+{]|\([^)]*[*+][^)]*\)[*+{]/.test(pattern)) {
    const plain = fold ? pattern.toLowerCase() : pattern
    test = (line) => (fold ? line.toLowerCase() : line).includes(plain)
  } else {
    let expression: RegExp
    try {
      expression = new RegExp(flags.includes('E') ? pattern : basicPattern(pattern), fold ? 'i' : '')
    } catch {
      throw new ToolExit('grep: Unmatched [, [^, [:, [., or [=\n', 2)
    }
    test = (line) => expression.test(line.slice(0, MAX_LINE))
  }
  const found = linesOf(input)
    .map((line, i) => ({ line, number: i + 1 }))
    .filter(({ line }) => test(line) !== flags.includes('v'))
  const code = found.length > 0 ? 0 : 1
  if (flags.includes('q')) return { text: '', code }
  if (flags.includes('c')) return { text: `${found.length}\n`, code }
  return { text: joined(found.map(({ line, number }) => (flags.includes('n') ? `${number}:${line}` : line))), code }
}

/** A basic expression as an extended one: there `+ ? | ( ) { }` are plain characters and their escaped forms are not. */
function basicPattern(pattern: string): string {
  return pattern.replace(/\\?[+?|(){}]/g, (match) => (match.length === 2 ? match[1]! : `\\${match}`))
}

function count(words: readonly string[], standard: number): number {
  const at = words.findIndex((word) => word === '-n')
  const text = at >= 0 ? words[at + 1] : words.find((word) => /^-n?\d+$/.test(word))?.replace(/^-n?/, '')
  return text === undefined ? standard : Math.max(0, Number.parseInt(text, 10) || 0)
}

const FILTERS: Readonly<Record<string, TextFilter>> = {
  grep,
  cat: (_, input) => ({ text: input, code: 0 }),
  head: (words, input) => ({ text: joined(linesOf(input).slice(0, count(words, 10))), code: 0 }),
  tail: (words, input) => ({
    text: joined(count(words, 10) === 0 ? [] : linesOf(input).slice(-count(words, 10))),
    code: 0,
  }),
  sort: (words, input) => {
    const lines = linesOf(input)
    lines.sort(
      words.includes('-n')
        ? (a, b) => (Number.parseFloat(a) || 0) - (Number.parseFloat(b) || 0)
        : (a, b) => (a < b ? -1 : a > b ? 1 : 0),
    )
    return { text: joined(words.includes('-r') ? lines.toReversed() : lines), code: 0 }
  },
  uniq: (words, input) => {
    const groups: { line: string; count: number }[] = []
    for (const line of linesOf(input)) {
      const last = groups.at(-1)
      if (last?.line === line) last.count++
      else groups.push({ line, count: 1 })
    }
    return {
      text: joined(
        groups.map((group) => (words.includes('-c') ? `${String(group.count).padStart(7)} ${group.line}` : group.line)),
      ),
      code: 0,
    }
  },
  wc: (words, input) => {
    const numbers = [linesOf(input).length, input.split(/\s+/).filter(Boolean).length, input.length]
    if (words.includes('-l')) return { text: `${numbers[0]}\n`, code: 0 }
    if (words.includes('-c')) return { text: `${numbers[2]}\n`, code: 0 }
    if (words.includes('-w')) return { text: `${numbers[1]}\n`, code: 0 }
    return { text: `${numbers.map((number) => String(number).padStart(7)).join(' ')}\n`, code: 0 }
  },
}

export function isTextFilter(name: string): boolean {
  return Object.hasOwn(FILTERS, name)
}

export function textFilter(
  name: string,
  words: readonly string[],
  input: string,
): { readonly text: string; readonly code: number } {
  return FILTERS[name]!(words, input)
}
