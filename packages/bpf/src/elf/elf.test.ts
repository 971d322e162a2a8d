import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { assemble } from '../assembler/assemble'
import { btfRawLines } from '../btf/print'
import { parseBtf } from '../btf/parse'
import { disassemble } from '../disassemble'
import { insnText } from '../print'
import { toHex } from '../insn'
import type { Program } from '../program'
import { mutateBytes } from '../testing/mutate'
import { Random } from '../testing/random'
import { exportElf } from './export'
import { importElf, type ImportedProgram } from './import'

const testdata = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../testdata')
const scratch = mkdtempSync(path.join(tmpdir(), 'bpf-elf-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

function object(name: string): Uint8Array {
  return new Uint8Array(readFileSync(path.join(testdata, name)))
}

function programsOf(name: string): readonly ImportedProgram[] {
  const result = importElf(object(name), { name })
  if (!result.ok) throw new Error(`${name}: ${JSON.stringify(result.findings)}`)
  return result.programs
}

/** The kernel's tag of a program: SHA-256 over the instructions, map references zeroed (6.18). */
function tagOf({ insns }: Program): string {
  const bytes = insns.slice()
  for (let at = 0; at + 16 <= bytes.length; at += 8) {
    const source = bytes[at + 1]! >> 4
    if (bytes[at] !== 0x18) continue
    if (source === 1 || source === 2) {
      bytes.fill(0, at + 4, at + 8)
      bytes.fill(0, at + 12, at + 16)
    }
    at += 8
  }
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16)
}

/** Whether bpftool can load programs here (root, and bpf(2) allowed). */
function canLoad(): boolean {
  return spawnSync('bpftool', ['prog', 'show']).status === 0 && process.getuid?.() === 0
}

/** Loads all programs of an object, gives their tags by name, and unloads them. */
function kernelTags(file: string): Map<string, string> {
  const pins = `/sys/fs/bpf/offload-test-${process.pid}`
  try {
    execFileSync('bpftool', ['prog', 'loadall', file, pins], { stdio: 'pipe' })
    const shown: { name: string; tag: string }[] = execFileSync('ls', [pins], { encoding: 'utf8' })
      .trim()
      .split('\n')
      .map(
        (pin) =>
          JSON.parse(
            execFileSync('bpftool', ['-j', 'prog', 'show', 'pinned', `${pins}/${pin}`], { encoding: 'utf8' }),
          ) as { name: string; tag: string },
      )
    return new Map(shown.map(({ name, tag }) => [name, tag]))
  } finally {
    rmSync(pins, { recursive: true, force: true })
  }
}

describe('object import', () => {
  it('finds programs, maps and types of a clang 14 object', () => {
    const [count, more, classifier] = programsOf('counter.o')
    expect([count, more, classifier].map((program) => `${program?.progType} ${program?.name}`)).toEqual([
      'xdp count',
      'xdp count_more',
      'sched_cls classifier',
    ])
    expect(count!.license).toBe('GPL')
    expect(
      count!.maps.map(({ name, type, key_size, value_size, max_entries, map_flags }) => [
        name,
        type,
        key_size,
        value_size,
        max_entries,
        map_flags,
      ]),
    ).toEqual([
      ['counts', 'array', 4, 40, 256, 0],
      ['flows', 'hash', 20, 8, 1024, 1],
      ['events', 'perf_event_array', 4, 4, 8, 0],
      ['counter.rodata', 'array', 4, 24, 1, 0x480],
      ['counter.data', 'array', 4, 8, 1, 0x400],
      ['counter.bss', 'array', 4, 4, 1, 0x400],
    ])
    expect(count!.contents!.map(({ map, data, frozen }) => [map, toHex(data.subarray(0, 4)), frozen])).toEqual([
      [3, '40000000', true],
      [4, '05000000', false],
      [5, '00000000', false],
    ])
    const struct = count!.maps[0]!.value
    expect(struct?.kind === 'struct' && struct.fields.map(({ name, offset }) => `${name}@${offset}`)).toEqual([
      'packets@0',
      'bytes@8',
      'last@16',
      'fast@20',
      'slow@20',
      'u@24',
      'next@32',
    ])
  })

  it('links called functions behind the program and keeps C lines', () => {
    const program = programsOf('counter.o')[0]!
    expect(program.subprograms).toEqual([
      { name: 'count', start: 0 },
      { name: 'account', start: 28 },
    ])
    const call = [...Array(28).keys()].find((slot) => program.insns[slot * 8] === 0x85)!
    expect(insnText(program.insns, call, 'llvm', { subprogram: (slot) => (slot === 28 ? 'account' : undefined) })).toBe(
      'call account',
    )
    expect(program.funcInfo.map(({ insn }) => insn)).toEqual([0, 28])
    expect(program.cLines.find(({ text }) => text.includes('data + 34 > end'))?.line).toBeGreaterThan(50)
    expect(program.labels.map(({ name }) => name)).toContain('LBB1_4')
  })

  it('reads map-in-map and callbacks', () => {
    const program = programsOf('callback.o')[0]!
    expect(program.maps.find(({ name }) => name === 'outer')?.inner).toMatchObject({ type: 'array', max_entries: 4 })
    const address = [...Array(program.insns.length / 8).keys()].find(
      (slot) => program.insns[slot * 8] === 0x18 && program.insns[slot * 8 + 1]! >> 4 === 4,
    )!
    expect(
      insnText(program.insns, address, 'llvm', {
        subprogram: (slot) => program.subprograms.find(({ start }) => start === slot)?.name,
      }),
    ).toBe('r2 = func step ll')
  })

  it('turns a big-endian object round to the same shape', () => {
    const [little, big] = [programsOf('counter.o')[2]!, programsOf('counter-eb.o')[2]!]
    expect(toHex(big.insns)).toBe(toHex(little.insns))
    expect(big.maps.slice(0, 3)).toEqual(little.maps.slice(0, 3))
  })

  it('takes older map definitions and section names, and says so', () => {
    const result = importElf(object('legacy.o'))
    expect(result.findings.map(({ code }) => code)).toEqual(['legacy-maps', 'section-prefix', 'section-prefix'])
    expect(
      result.ok && result.programs[0]!.maps.map(({ name, type, max_entries }) => [name, type, max_entries]),
    ).toEqual([
      ['table', 'hash', 128],
      ['slots', 'array', 8],
    ])
  })

  it('gives text that assembles to the same program', () => {
    for (const name of ['counter.o', 'counter-v4.o', 'counter-eb.o', 'callback.o', 'legacy.o']) {
      for (const program of programsOf(name)) {
        for (const dialect of ['llvm', 'mnemonic'] as const) {
          const again = assemble(disassemble(program, { dialect }), { dialect })
          if (!again.ok) throw new Error(`${name}: ${JSON.stringify(again.diagnostics[0])}`)
          expect(toHex(again.program.insns)).toBe(toHex(program.insns))
          expect(again.program.relocs).toEqual(program.relocs)
          expect(again.program.subprograms).toEqual(program.subprograms)
          expect(again.program.maps.map(({ key_size, value_size }) => [key_size, value_size])).toEqual(
            program.maps.map(({ key_size, value_size }) => [key_size, value_size]),
          )
        }
      }
    }
  })

  it.each([
    ['no ELF', Uint8Array.of(1, 2, 3), /no ELF/],
    ['a cut file', object('counter.o').slice(0, 3000), /outside the file/],
    ['another machine', patched(18, 62), /machine 62/],
    ['an executable', patched(16, 2), /ELF type 2/],
    ['a 32-bit file', patched(4, 1), /32-bit/],
  ])('refuses %s with the reason', (_, bytes, reason) => {
    const result = importElf(bytes)
    expect(result.ok).toBe(false)
    expect(result.findings[0]?.message).toMatch(reason)
  })

  it('ends on any damaged object with a result', () => {
    const seed = 2024
    const random = new Random(seed)
    const originals = ['counter.o', 'callback.o', 'legacy.o', 'counter-eb.o'].map(object)
    let imported = 0
    for (let round = 0; round < 400; round++) {
      const bytes = mutateBytes(random, random.pick(originals))
      let result
      try {
        result = importElf(bytes)
      } catch (error) {
        throw new Error(`seed ${seed}, round ${round}: ${String(error)}`, { cause: error })
      }
      if (result.ok) imported++
      else expect(result.findings.some(({ severity }) => severity === 'error')).toBe(true)
    }
    expect(imported).toBeGreaterThan(0)
  })
})

function patched(offset: number, value: number): Uint8Array {
  const bytes = object('counter.o')
  bytes[offset] = value
  return bytes
}

const SOURCE = `.license GPL
.struct counter { packets u64; bytes u64; from mac }
.map counts hash key u32 value counter max 16
.prog xdp twice
    r0 = 1 ; a comment
    r1 = 5
    call helper
    exit
.func helper
    *(u32 *)(r10 - 4) = r1
    r2 = r10
    r2 += -4
    r1 = counts ll
    call bpf_map_lookup_elem
    if r0 == 0 goto none
    r0 = *(u64 *)(r0 + counter.packets)
    r0 &= 1
none:
    exit
`

describe('object export', () => {
  it('gives an object that imports to the same program', () => {
    const assembled = assemble(SOURCE)
    if (!assembled.ok) throw new Error(JSON.stringify(assembled.diagnostics))
    const made = exportElf(assembled.program, { source: SOURCE })
    const back = made.ok ? importElf(made.object) : undefined
    if (back?.ok !== true) throw new Error(JSON.stringify(back?.findings ?? made))
    const program = back.programs[0]!
    expect(toHex(program.insns)).toBe(toHex(assembled.program.insns))
    expect(program.maps.map(({ name, type, max_entries }) => [name, type, max_entries])).toEqual([
      ['counts', 'hash', 16],
    ])
    expect(program.maps[0]!.value).toMatchObject({ kind: 'struct', name: 'counter', size: 24 })
    expect(program.subprograms).toEqual(assembled.program.subprograms)
    expect(program.cLines.find(({ insn }) => insn === 0)).toMatchObject({ line: 5, text: 'r0 = 1 ; a comment' })
  })

  it('takes programs of clang apart again', () => {
    for (const name of ['counter.o', 'counter-v4.o', 'callback.o']) {
      for (const program of programsOf(name)) {
        const made = exportElf(program)
        const back = made.ok ? importElf(made.object, { name }) : undefined
        expect(
          back?.ok === true && toHex(back.programs[0]!.insns),
          `${name} ${program.name} ${JSON.stringify(back?.findings ?? made)}`,
        ).toBe(toHex(program.insns))
      }
    }
  })

  it('refuses what no object can say', () => {
    const assembled = assemble('goto +1\nexit\n.func f\nexit\ncall pc-2\nexit')
    expect(assembled.ok && exportElf(assembled.program)).toMatchObject({ ok: false })
  })
})

describe('the live kernel', () => {
  const live = canLoad()
  if (!live) console.log('bpf(2) or bpftool absent: comparison with the kernel and bpftool is left out')

  it.runIf(live)("links as libbpf does: the kernel's tags of loaded programs are those of ours", () => {
    for (const name of ['counter.o', 'counter-v4.o', 'callback.o']) {
      const tags = kernelTags(path.join(testdata, name))
      const programs = programsOf(name)
      expect(tags.size).toBe(programs.length)
      for (const program of programs)
        expect(tags.get(program.name.slice(0, 15)), `${name} ${program.name}`).toBe(tagOf(program))
    }
  })

  it.runIf(live)('loads what we export, and shows the same types as we do', () => {
    const assembled = assemble(SOURCE)
    const programs = [
      ...(assembled.ok ? [assembled.program] : []),
      ...programsOf('counter.o'),
      ...programsOf('callback.o'),
    ]
    for (const program of programs) {
      const made = exportElf(program, program === programs[0] ? { source: SOURCE } : {})
      if (!made.ok) throw new Error(made.error)
      const file = path.join(scratch, 'made.o')
      writeFileSync(file, made.object)
      expect(kernelTags(file).get(program.name.slice(0, 15)), program.name).toBe(tagOf(program))
      const imported = importElf(made.object)
      const btf = imported.ok && imported.btf !== undefined ? parseBtf(imported.btf) : undefined
      expect(btf?.ok === true && btfRawLines(btf.btf).join('\n')).toBe(
        execFileSync('bpftool', ['btf', 'dump', 'file', file], { encoding: 'utf8' }).trimEnd(),
      )
    }
  })
})
