import { describe, expect, it } from 'vitest'
import { hashKey, hashResult } from './map-hash'

const hex = (value: number): string => (value >>> 0).toString(16).padStart(8, '0')

describe('hashKey', () => {
  const table: [map: number, key: number[], hash0: string, hash1: string][] = [
    [1, [0], 'e592737c', 'd33ff6ce'],
    [1, [1], 'e8d155a5', 'de7cd016'],
    [1, [0xffffffff], 'e1536ecb', 'd7feeb79'],
    [1, [0xc0a80001], '161636e5', '0bbef475'],
    [1, [0, 0], 'dccf0e87', 'b82ecbe5'],
    [2, [1, 2], '559719ee', '31763249'],
    [3, [1, 2, 3, 4], '50c9c6c2', '7f5b5847'],
    [5, Array.from({ length: 14 }, (_, index) => index), '6c3a9472', 'f1ad111b'],
  ]
  it.each(table)('gives the published values for map %i, key %j', (map, key, hash0, hash1) => {
    hashKey(Int32Array.from(key), 0, key.length, map, -1)
    expect([hex(hashResult[0]!), hex(hashResult[1]!)]).toEqual([hash0, hash1])
  })

  it('ignores the masked bytes of the last word', () => {
    hashKey(Int32Array.of(7, 0x11223344), 0, 2, 9, 0xff)
    const clean = [...hashResult]
    hashKey(Int32Array.of(7, 0x55667744), 0, 2, 9, 0xff)
    expect([...hashResult]).toEqual(clean)
  })
})
