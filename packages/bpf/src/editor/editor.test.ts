import { describe, expect, it } from 'vitest'
import { assemble } from '../assembler/assemble'
import { disassemble } from '../disassemble'
import { toHex } from '../insn'
import { randomProgram } from '../testing/generate'
import { Random } from '../testing/random'
import { applyEdits } from '../text-edit'
import { formatSource } from './format'
import { completionsAt, describeAt, inlayHints } from './help'
import { definitionAt, foldingRanges, referencesAt, renameAt, symbolsOf, tokenize } from './symbols'

const SOURCE = `; Counts packets.
.license GPL
.struct counter { packets u64; bytes u64 }
.map counts array key u32 value counter max 256
.const LIMIT = 4 * 4

.prog xdp flood
    r2 = *(u32 *)(r1 + ctx.data)
    if r2 > LIMIT goto pass
    r1 = counts ll
    call bpf_map_lookup_elem
    lock *(u64 *)(r0 + counter.bytes) += r2
    call helper
pass:
    r0 = XDP_PASS   ; done
    exit
.func helper
    goto pass
    exit
`

function at(needle: string, from = 0): [line: number, column: number] {
  const place = SOURCE.indexOf(needle, from)
  const before = SOURCE.slice(0, place)
  return [before.split('\n').length, place - before.lastIndexOf('\n')]
}

/** The source with `|` where the cursor stands, as arguments of an editor function. */
function cursor(marked: string): [text: string, line: number, column: number] {
  const place = marked.indexOf('|')
  const before = marked.slice(0, place)
  return [before + marked.slice(place + 1), before.split('\n').length, place - before.lastIndexOf('\n')]
}

describe('tokens', () => {
  it('say what each word is', () => {
    const lines = SOURCE.split('\n')
    const words = tokenize(SOURCE).map(
      ({ kind, line, column, length }) => `${kind} ${lines[line - 1]!.slice(column - 1, column - 1 + length)}`,
    )
    for (const expected of [
      'comment ; Counts packets.',
      'directive .map',
      'map counts',
      'keyword array',
      'type counter',
      'field packets',
      'constant LIMIT',
      'program flood',
      'register r2',
      'type u32',
      'constant ctx.data',
      'keyword goto',
      'label pass',
      'helper bpf_map_lookup_elem',
      'constant counter.bytes',
      'function helper',
      'constant XDP_PASS',
      'comment ; done',
    ]) {
      expect(words).toContain(expected)
    }
  })

  it('tell comments from fields in the braces of a struct', () => {
    const text = '.struct s { ; the record\n a u32 ; how many\n b { c u8; d u8 }; e u16\n} ; end\nexit'
    const lines = text.split('\n')
    const found = tokenize(text).filter(({ kind }) => kind === 'comment' || kind === 'field')
    expect(found.map(({ line, column, length }) => lines[line - 1]!.slice(column - 1, column - 1 + length))).toEqual([
      '; the record',
      'a',
      '; how many',
      'b',
      'c',
      'd',
      'e',
      '; end',
    ])
  })

  it('lie inside the text and do not overlap, also in damaged texts', () => {
    const seed = 5
    const random = new Random(seed)
    for (let round = 0; round < 100; round++) {
      const chars = [...SOURCE]
      for (let edit = 0; edit < 6; edit++)
        chars.splice(
          random.below(chars.length),
          random.below(4),
          random.pick(['{', '}', ';', '"', '.', '\n', ':', 'x']),
        )
      const text = chars.join('')
      const lines = text.split('\n')
      let last = { line: 0, end: 0 }
      for (const { line, column, length } of tokenize(text)) {
        const ok =
          (line > last.line || (line === last.line && column >= last.end)) &&
          column + length - 1 <= lines[line - 1]!.length
        if (!ok) expect({ line, column, length, text, seed, round }).toBe('in order')
        last = { line, end: column + length }
      }
    }
  })
})

describe('symbols', () => {
  it('are listed with their uses', () => {
    const symbols = symbolsOf(SOURCE).map(({ kind, name, references }) => `${kind} ${name} ${references.length}`)
    expect(symbols).toEqual([
      'type counter 1',
      'map counts 1',
      'constant LIMIT 1',
      'program flood 0',
      'label pass 2',
      'function helper 1',
    ])
  })

  it('lead from a use to the definition', () => {
    expect(definitionAt(SOURCE, ...at('pass\n'))?.startLine).toBe(14)
    expect(definitionAt(SOURCE, ...at('counts ll'))?.startLine).toBe(4)
    expect(definitionAt(SOURCE, ...at('counter.bytes'))?.startLine).toBe(3)
    expect(definitionAt(SOURCE, ...at('XDP_PASS'))).toBeUndefined()
    expect(referencesAt(SOURCE, ...at('pass:'))).toHaveLength(3)
  })

  it('are renamed everywhere, and the text still assembles to the same bytes', () => {
    for (const [needle, name] of [
      ['pass:', 'out'],
      ['counts ll', 'table'],
      ['counter {', 'stat'],
      ['LIMIT =', 'MOST'],
      ['helper\n', 'leaf'],
    ] as const) {
      const result = renameAt(SOURCE, ...at(needle), name)
      if (!result.ok) throw new Error(result.reason)
      const renamed = applyEdits(SOURCE, result.edits)
      const [before, after] = [assemble(SOURCE), assemble(renamed)]
      expect(after.ok, `${needle}\n${renamed}\n${JSON.stringify(after.diagnostics)}`).toBe(true)
      expect(before.ok && after.ok && toHex(after.program.insns)).toBe(before.ok && toHex(before.program.insns))
    }
  })

  it('are not renamed to what cannot be a name, or is taken', () => {
    expect(renameAt(SOURCE, ...at('pass:'), 'two words').ok).toBe(false)
    expect(renameAt(SOURCE, ...at('pass:'), 'r1').ok).toBe(false)
    expect(renameAt(SOURCE, ...at('pass:'), 'helper').ok).toBe(false)
    expect(renameAt(SOURCE, ...at('XDP_PASS'), 'X').ok).toBe(false)
  })

  it('give ranges to fold', () => {
    expect(foldingRanges(SOURCE)).toContainEqual({ startLine: 14, endLine: 16 })
    expect(foldingRanges('.struct a {\n x u32\n}\nexit')).toEqual([{ startLine: 1, endLine: 3 }])
  })
})

describe('hover', () => {
  it.each([
    ['r2 = |*(u32 *)(r1 + 4)', 'Loads 32 bits from memory'],
    ['call bpf_map_|lookup_elem', 'bpf_map_lookup_elem(map, key) → value∅'],
    ['call bpf_fib_lookup|', 'The card has no such helper'],
    ['r0 = XDP_|PASS', 'XDP_PASS = 2'],
    ['r2 = *(u32 *)(r1 + ctx.data_|end)', 'First byte behind the packet'],
    ['.m|ap m array value 4', 'Declares a map'],
    ['.map m|m array value 4', '.map mm array key 4 value 4 max 1'],
    ['mov %r0|, 1', 'Copies the operand'],
    ['r1 = 4|096', '0x1000'],
  ])('over %s', (marked, text) => {
    expect(describeAt(...cursor(marked))?.markdown).toContain(text)
  })

  it('says nothing about comments and blanks', () => {
    expect(describeAt(...cursor('r1 = 2 ; wo|rds'))).toBeUndefined()
    expect(describeAt(...cursor('  |  '))).toBeUndefined()
  })
})

describe('completion', () => {
  const labels = (marked: string) => completionsAt(...cursor(marked)).map(({ label }) => label)

  it.each([
    ['  |', ['if', 'call', 'r0', '.map']],
    ['.|', ['.map', '.prog', '.struct']],
    ['.prog |', ['xdp', 'tc']],
    ['.map m |', ['array', 'hash', 'perf_event_array']],
    ['.struct s { a u8 }\n.map m array key |', ['u32', 's']],
    ['call bpf_|', ['bpf_map_lookup_elem', 'bpf_xdp_adjust_head']],
    ['out: exit\ngoto |', ['out']],
    ['.map counts array value 4\nr1 = |', ['counts', 'r5', 'XDP_DROP', 'ctx.data']],
    ['mov %r0, 1\nj|', ['jeq', 'ja']],
  ])('at %j', (marked, expected) => {
    expect(labels(marked)).toEqual(expect.arrayContaining([...expected]))
  })

  it('offers helpers of the program type, those of the card first', () => {
    expect(labels('.prog xdp p\ncall |')).not.toContain('bpf_skb_load_bytes')
    expect(labels('.prog tc p\ncall |')).toContain('bpf_skb_load_bytes')
    expect(labels('call |')[0]).toBe('bpf_map_lookup_elem')
  })

  it('is silent in comments', () => {
    expect(labels('r1 = 1 ; ca|')).toEqual([])
  })

  it('replaces the word before the cursor', () => {
    expect(completionsAt(...cursor('call bpf_ma|'))[0]?.range).toEqual({
      startLine: 1,
      startColumn: 6,
      endLine: 1,
      endColumn: 12,
    })
  })
})

describe('hints and layout', () => {
  it('shows values of constants', () => {
    expect(inlayHints(SOURCE).map(({ line, text }) => `${line} ${text}`)).toEqual([
      '8 = 0',
      '9 = 16',
      '12 = 8',
      '15 = 2',
    ])
  })

  it('lays out without changing the program, and only once', () => {
    expect(formatSource('.prog   xdp  p\nout:  r0=1;x\n  exit\n')).toBe(
      `.prog xdp p\nout:\n    r0=1${' '.repeat(30)};x\n    exit\n`,
    )
    const seed = 11
    const random = new Random(seed)
    for (let round = 0; round < 100; round++) {
      const text = disassemble(randomProgram(random, 30)).replace(/\n/g, () =>
        random.pick(['\n', '  ; note\n', '\n\n', ' # x\n']),
      )
      const laid = formatSource(text)
      expect(formatSource(laid), `seed ${seed}, round ${round}`).toBe(laid)
      const [before, after] = [assemble(text), assemble(laid)]
      expect(after.ok && toHex(after.program.insns), `seed ${seed}, round ${round}\n${laid}`).toBe(
        before.ok && toHex(before.program.insns),
      )
    }
  })
})
