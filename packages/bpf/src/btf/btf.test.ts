import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { sizeOf } from '../data-type'
import { formatValue, parseValue, readValue } from '../data-value'
import { importElf } from '../elf/import'
import { fromHex, toHex } from '../insn'
import { mutateBytes } from '../testing/mutate'
import { randomType } from '../testing/generate'
import { Random } from '../testing/random'
import { BtfBuilder } from './build'
import { addDataType, dataTypeOf } from './data-types'
import { parseBtf } from './parse'
import { btfAsC, btfDeclaration, btfRawLines } from './print'
import { type Btf, btfSize } from './types'

function built(build: (builder: BtfBuilder) => void): Btf {
  const builder = new BtfBuilder()
  build(builder)
  const result = parseBtf(builder.bytes())
  if (!result.ok) throw new Error(result.error)
  return result.btf
}

function clangBtf(): Uint8Array {
  const file = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../testdata/counter.o')
  const result = importElf(new Uint8Array(readFileSync(file)))
  if (!result.ok || result.btf === undefined) throw new Error('no BTF')
  return result.btf
}

describe('BTF', () => {
  it('is read back as it was built', () => {
    const btf = built((b) => {
      const u32 = b.int('__u32', 4)
      const signed = b.int('int', 4, 'signed')
      b.composite('struct', 'pair', 8, [
        { name: 'a', type: u32, bitOffset: 0, bitSize: 3 },
        { name: 'b', type: signed, bitOffset: 32, bitSize: 0 },
      ])
      b.enumeration('color', 4, true, [{ name: 'RED', value: -1n }])
      b.enumeration('big', 8, false, [{ name: 'MOST', value: 0xffffffffffffffffn }])
      b.func('f', b.funcProto(signed, [{ name: 'x', type: b.pointer(u32) }]), 'global')
      b.datasec('.maps', 8, [{ type: b.variable('m', u32, 'static'), offset: 0, size: 8 }])
    })
    expect(btfRawLines(btf)).toEqual([
      "[1] INT '__u32' size=4 bits_offset=0 nr_bits=32 encoding=(none)",
      "[2] INT 'int' size=4 bits_offset=0 nr_bits=32 encoding=SIGNED",
      "[3] STRUCT 'pair' size=8 vlen=2",
      "\t'a' type_id=1 bits_offset=0 bitfield_size=3",
      "\t'b' type_id=2 bits_offset=32",
      "[4] ENUM 'color' encoding=SIGNED size=4 vlen=1",
      "\t'RED' val=-1",
      "[5] ENUM64 'big' encoding=UNSIGNED size=8 vlen=1",
      "\t'MOST' val=18446744073709551615",
      "[6] PTR '(anon)' type_id=1",
      "[7] FUNC_PROTO '(anon)' ret_type_id=2 vlen=1",
      "\t'x' type_id=6",
      "[8] FUNC 'f' type_id=7 linkage=global",
      "[9] VAR 'm' type_id=1, linkage=static",
      "[10] DATASEC '.maps' size=8 vlen=1",
      "\ttype_id=9 offset=0 size=8 (VAR 'm')",
    ])
    expect(btfDeclaration(btf, 8)).toBe('int f(__u32 *x)')
  })

  it('prints C declarations', () => {
    const result = parseBtf(clangBtf())
    const text = result.ok ? btfAsC(result.btf) : ''
    expect(text).toContain(
      'struct flow_key {\n\t__be32 saddr;\n\t__be32 daddr;\n\t__be16 dport;\n\t__u8 proto;\n\t__u8 mac[6];\n};',
    )
    expect(text).toContain('\tunsigned int fast: 3;\n')
    expect(text).toContain('enum verdict {\n\tV_PASS = 0,\n\tV_DROP = 7,\n};')
    expect(text).toContain('typedef unsigned int __u32;')
  })

  it('gives bytes of a map value their names, and back', () => {
    const result = parseBtf(clangBtf())
    if (!result.ok) throw new Error(result.error)
    const { btf } = result
    const id = btf.types.findIndex((type) => type.kind === 'struct' && type.name === 'stats')
    const type = dataTypeOf(btf, id)!
    const bytes = fromHex(
      '0100000000000000 0200000000000000 07000000 2b000000 01020304 00000000 1000000000000000'.replace(/ /g, ''),
    )!
    expect(readValue(bytes, type)).toEqual({
      packets: 1,
      bytes: 2,
      last: 7,
      fast: 3,
      slow: 5,
      u: { word: 0x04030201, parts: [1, 2, 3, 4] },
      next: 16,
    })
    expect(formatValue(bytes, type)).toContain('last: V_DROP')
    const parsed = parseValue('{last: V_PASS, fast: 7, slow: 0}', type, bytes)
    expect(parsed.ok && toHex(parsed.bytes.subarray(16, 24))).toBe('0000000007000000')
    expect(parseValue('{fast: 8}', type).ok).toBe(false)
  })

  it('holds random data types with their sizes and places', () => {
    const seed = 31
    const random = new Random(seed)
    for (let round = 0; round < 200; round++) {
      const type = randomType(random, 3, 's')
      let id = 0
      const btf = built((builder) => (id = addDataType(builder, type)))
      const back = dataTypeOf(btf, id)!
      expect(btfSize(btf, id), `seed ${seed}, round ${round}`).toBe(sizeOf(type))
      const bytes = Uint8Array.from({ length: sizeOf(type) }, () => random.below(256))
      expect(readValue(bytes, back), `seed ${seed}, round ${round}`).toEqual(readValue(bytes, type))
    }
  })

  it('ends on any damaged bytes with a result', () => {
    const seed = 77
    const random = new Random(seed)
    const original = clangBtf()
    for (let round = 0; round < 400; round++) {
      const bytes = mutateBytes(random, original)
      try {
        const result = parseBtf(bytes)
        if (!result.ok) continue
        btfRawLines(result.btf)
        btfAsC(result.btf)
        result.btf.types.forEach((_, id) => {
          dataTypeOf(result.btf, id)
          btfSize(result.btf, id)
        })
      } catch (error) {
        throw new Error(`seed ${seed}, round ${round}: ${String(error)}`, { cause: error })
      }
    }
  })
})
