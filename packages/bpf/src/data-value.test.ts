import { describe, expect, it } from 'vitest'
import { flattenFields, formatValue, parseField, parseValue, readValue } from './data-value'
import { assemble } from './assembler/assemble'
import { fromHex, toHex } from './insn'
import type { DataType } from './program'
import { sizeOf } from './data-type'
import { Random } from './testing/random'
import { randomType } from './testing/generate'

function typeOf(fields: string): DataType {
  const result = assemble(`.struct val { ${fields} }\n.map m hash key u32 value val max 4\nexit`)
  if (!result.ok) throw new Error(JSON.stringify(result.diagnostics))
  return result.program.maps[0]!.value!
}

describe('typed values', () => {
  const article = typeOf('pkts u32; ifindex u32; mac mac')

  it("reads the article's map value", () => {
    const bytes = fromHex('07 00 00 00 01 00 00 00 00 00 15 49 01 02 03 00 00 00 00 00 00 00 00 00')!
    const type = typeOf('pkts u32; ifindex u32; pad u8; mac u8[6]')
    expect(readValue(bytes, type)).toEqual({ pkts: 7, ifindex: 1, pad: 0, mac: [0, 21, 73, 1, 2, 3] })
  })

  it('prints and reads addresses, ports and protocols', () => {
    const type = typeOf('src ipv4; dst ipv6; mac mac; port port; proto ipproto; kind ethertype')
    const text = '{src: 10.0.0.1, dst: 2001:db8::1, mac: 02:00:00:00:00:01, port: 53, proto: udp, kind: 0x0800}'
    const parsed = parseValue(text, type)
    expect(parsed.ok && formatValue(parsed.bytes, type)).toBe(text)
    expect(parsed.ok && toHex(parsed.bytes.subarray(0, 4))).toBe('0a000001')
  })

  it('keeps the bytes that an edit does not name', () => {
    const base = fromHex('0700000001000000020000000001')!
    const parsed = parseValue('{ifindex: 9}', article, base)
    expect(parsed.ok && readValue(parsed.bytes, article)).toEqual({ pkts: 7, ifindex: 9, mac: [2, 0, 0, 0, 0, 1] })
  })

  it.each([
    ['{pkts: 4294967296}', 'pkts'],
    ['{pkts: -1}', 'pkts'],
    ['{pkts: 1.5}', 'pkts'],
    ['{packets: 1}', 'packets'],
    ['{mac: 1:2}', 'mac'],
    ['{mac: [1, 2]}', 'mac'],
    ['7', ''],
    ['{pkts 7}', ''],
    ['{pkts: 7', ''],
    ['[', ''],
  ])('refuses %s and names %s', (text, path) => {
    const parsed = parseValue(text, article)
    expect(parsed.ok).toBe(false)
    expect(!parsed.ok && parsed.path).toBe(path)
  })

  it('flattens nested structs and short arrays', () => {
    expect(flattenFields(article).map(({ path, offset }) => [path, offset])).toEqual([
      ['pkts', 0],
      ['ifindex', 4],
      ['mac', 8],
    ])
    expect(flattenFields(typeOf('a u16[2]; b u8[4]')).map(({ path, offset }) => [path, offset])).toEqual([
      ['a[0]', 0],
      ['a[1]', 2],
      ['b', 4],
    ])
    expect(flattenFields({ kind: 'int', size: 8, signed: false })).toEqual([
      { path: '', offset: 0, type: { kind: 'int', size: 8, signed: false } },
    ])
  })

  it('edits one field', () => {
    const field = flattenFields(article)[2]!
    const parsed = parseField('02:00:00:00:00:09', field, new Uint8Array(16))
    expect(parsed.ok && toHex(parsed.bytes)).toBe('00000000000000000200000000090000')
  })

  it('gives back the bytes it printed, for random types and values', () => {
    const seed = 7
    const random = new Random(seed)
    for (let round = 0; round < 300; round++) {
      const type = randomType(random, 3, 's')
      const bytes = Uint8Array.from({ length: sizeOf(type) }, () => (random.chance(3) ? 0 : random.below(256)))
      const text = formatValue(bytes, type)
      const again = parseValue(text, type, bytes)
      expect(again.ok && toHex(again.bytes), `seed ${seed}, round ${round}: ${text}`).toBe(toHex(bytes))
      const plain = parseValue(readValue(bytes, type), type, bytes)
      expect(plain.ok && toHex(plain.bytes), `seed ${seed}, round ${round}`).toBe(toHex(bytes))
    }
  })
})
