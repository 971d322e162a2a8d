/**
 * Compares with LLVM's own assembler and disassembler, where they are installed: the same bytes from our
 * text, and the same text from our bytes. Without them the test says so and checks recorded lines.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { assemble } from './assembler/assemble'
import { decode } from './decode'
import { slotsOf, toHex } from './insn'
import { insnText } from './print'
import { COMPILED_FORMS } from './template'
import { randomInsn } from './testing/generate'
import { Random } from './testing/random'

const SEED = 1974
/** Instructions that are compared; `LLVM_ROUNDS` sets another number. */
const ROUNDS = Number(process.env['LLVM_ROUNDS'] ?? 4000)
const directory = mkdtempSync(path.join(tmpdir(), 'bpf-llvm-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

interface Toolset {
  readonly suffix: string
  readonly cpu: string
  /** Newest instruction set version that this LLVM knows. */
  readonly isa: number
}

function installed(): Toolset[] {
  return [
    { suffix: '', cpu: 'v3', isa: 3 },
    { suffix: '-19', cpu: 'v4', isa: 4 },
  ].filter(({ suffix }) => spawnSync(`llvm-mc${suffix}`, ['--version']).status === 0)
}

/** Forms that LLVM has no text for, or another one on purpose (names of maps and functions become relocations there). */
const NOT_LLVM =
  /^(ld_map|ld_btf|ld_func|call_|callx|may_goto|addr_space_cast|load_acquire|store_release|atomic_\w+(8|16)$)/

function comparable(toolset: Toolset) {
  return COMPILED_FORMS.filter(({ form }) => {
    if (NOT_LLVM.test(form.name) || form.isa > toolset.isa) return false
    // The assembler of LLVM 14 knows no bit tests, immediate stores, remainders, fetching atomics.
    if (toolset.isa < 4 && /^(jset|st_|mod|atomic_(fetch|xchg|cmpxchg|(or|and|xor)32))/.test(form.name)) return false
    return true
  })
}

function generate(toolset: Toolset, count: number): Uint8Array {
  const random = new Random(SEED)
  const forms = comparable(toolset)
  const insns = new Uint8Array(count * 16 + 16)
  let slot = 0
  for (let i = 0; i < count; i++) {
    const compiled = random.pick(forms)
    slot += randomInsn(random, compiled, insns, slot)
    // The offset of packet loads by register is a register alone in LLVM.
    const isIndirect = compiled.form.name.startsWith('ld_ind')
    // Distances in the text must fit 16 bits there, also of the long jump.
    if (compiled.form.name === 'ja32') insns.fill(0, (slot - 1) * 8 + 5, slot * 8)
    if (isIndirect) insns.fill(0, (slot - 1) * 8 + 4, slot * 8)
  }
  return insns.slice(0, slot * 8)
}

/** Numbers in decimal, no target addresses, registers of narrow accesses as 64-bit ones. */
function normalise(text: string): string {
  return text
    .replace(/ <[.\w][^>]*>$/, '')
    .replace(/0x[0-9a-f]+/g, (hex) => BigInt.asIntN(64, BigInt(hex)).toString())
    .replace(/^w(?=\d+ = \*\(u)/, 'r')
    .replace(/(?<=^(?:lock )?\*\(u\d+ \*\).* )w(?=\d+$)/, 'r')
    .replace(/\s+/g, ' ')
    .trim()
}

describe('LLVM', () => {
  const toolsets = installed()
  if (toolsets.length === 0) console.log('llvm-mc absent: comparison with LLVM is left out')

  for (const toolset of toolsets) {
    it(`assembles our text to the same bytes and prints our bytes as we do (llvm-mc${toolset.suffix}, ${toolset.cpu})`, () => {
      const insns = generate(toolset, ROUNDS)
      const lines: string[] = []
      for (let slot = 0; slot * 8 < insns.length; slot += slotsOf(insns, slot))
        lines.push(insnText(insns, slot, 'llvm'))
      const source = path.join(directory, 'a.s')
      const object = path.join(directory, 'a.o')
      const binary = path.join(directory, 'a.bin')
      writeFileSync(source, `${lines.join('\n')}\n`)
      execFileSync(`llvm-mc${toolset.suffix}`, [
        '-triple',
        'bpfel',
        `-mcpu=${toolset.cpu}`,
        '-filetype=obj',
        source,
        '-o',
        object,
      ])
      execFileSync(`llvm-objcopy${toolset.suffix}`, ['-O', 'binary', '--only-section=.text', object, binary])
      const theirs = new Uint8Array(readFileSync(binary))
      for (let slot = 0, line = 0; slot * 8 < insns.length; slot += slotsOf(insns, slot), line++) {
        const end = (slot + slotsOf(insns, slot)) * 8
        const pair = [toHex(insns.subarray(slot * 8, end)), toHex(theirs.subarray(slot * 8, end))]
        if (pair[0] !== pair[1]) expect(`${lines[line]} ${pair[1]}`).toBe(`${lines[line]} ${pair[0]}`)
      }

      const dump = execFileSync(
        `llvm-objdump${toolset.suffix}`,
        ['-d', '--no-show-raw-insn', `--mcpu=${toolset.cpu}`, object],
        { encoding: 'utf8', maxBuffer: 1 << 26 },
      )
      let compared = 0
      for (const [, slotText, text] of dump.matchAll(/^ +(\d+):\t(.*)$/gm)) {
        const slot = Number(slotText)
        compared++
        const name = decode(insns, slot)?.form.name
        const ours = normalise(insnText(insns, slot, 'llvm'))
        if (ours !== normalise(text!)) expect(`${name}: ${ours}`).toBe(`${name}: ${normalise(text!)}`)
      }
      console.log(`llvm${toolset.suffix || '-14'} ${toolset.cpu}: ${compared} instructions compared, seed ${SEED}`)
      expect(compared).toBe(lines.length)
      // Their text must be readable for us, too.
      const text = [...dump.matchAll(/^ +\d+:\t(.*)$/gm)].map((line) => line[1]).join('\n')
      const again = assemble(text, { dialect: 'llvm' })
      expect(again.ok ? toHex(again.program.insns) : again.diagnostics[0]).toBe(toHex(insns))
    })
  }

  it('lines recorded from llvm-objdump 14 and 19 give the bytes beside them', () => {
    const recorded = `
       0:	b7 00 00 00 05 00 00 00	r0 = 5
       5:	18 01 00 00 05 00 00 00 00 00 00 00 00 00 00 00	r1 = 5 ll
      13:	25 01 03 00 05 00 00 00	if r1 > 5 goto +3 <.text+0x88>
      15:	ce 21 01 00 00 00 00 00	if w1 s< w2 goto +0x1 <LBB0_3>
      18:	db 21 00 00 00 00 00 00	lock *(u64 *)(r1 + 0) += r2
      20:	dc 00 00 00 10 00 00 00	r0 = be16 r0
      22:	71 21 fb ff 00 00 00 00	r1 = *(u8 *)(r2 - 5)
      23:	7b 1a f8 ff 00 00 00 00	*(u64 *)(r10 - 0x8) = r1
      26:	61 21 fc ff 00 00 00 00	w1 = *(u32 *)(r2 - 0x4)
       0:	c3 21 04 00 00 00 00 00	lock *(u32 *)(r1 + 0x4) += w2
       9:	c3 21 04 00 f1 00 00 00	w0 = cmpxchg32_32(r1 + 0x4, w0, w2)
      16:	db 21 04 00 01 00 00 00	r2 = atomic_fetch_add((u64 *)(r1 + 4), r2)
      24:	45 01 01 00 04 00 00 00	if r1 & 0x4 goto +0x1 <.text+0xd0>
      25:	48 70 00 00 00 00 00 00	r0 = *(u16 *)skb[r7]
      26:	85 00 00 00 01 00 00 00	call 0x1
      33:	7a 01 04 00 05 00 00 00	*(u64 *)(r1 + 0x4) = 0x5`
    for (const line of recorded.trim().split('\n')) {
      const [, bytes] = /:\t((?:[0-9a-f]{2} ?)+)\t/.exec(line)!
      const result = assemble(line, { dialect: 'llvm' })
      expect(result.ok ? toHex(result.program.insns) : result.diagnostics, line).toBe(bytes!.replace(/ /g, ''))
    }
  })
})
