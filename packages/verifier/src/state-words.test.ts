import { describe, expect, it } from 'vitest'
import { explainValue, splitState } from './state-words'

describe("the verifier's notation in words", () => {
  it('is cut at the spaces outside brackets', () => {
    const text = 'R1=ctx() R2_w=pkt(off=14,r=34) R3=scalar(smin=0,smax=umax=255,var_off=(0x0; 0xff)) fp-8=mmmm????'
    expect(splitState(text)).toEqual([
      { name: 'R1', value: 'ctx()' },
      { name: 'R2', value: 'pkt(off=14,r=34)' },
      { name: 'R3', value: 'scalar(smin=0,smax=umax=255,var_off=(0x0; 0xff))' },
      { name: 'fp-8', value: 'mmmm????' },
    ])
    expect(splitState('')).toEqual([])
  })
  it.each([
    ['ctx()', 'context'],
    ['pkt(off=14,r=34)', 'packet + 14, 20 B proven'],
    ['pkt(id=2,off=5,r=5,smin=umin=20,smax=umax=60,var_off=(0x0; 0x3c))', 'packet + 5 + 20…60, 0 B proven'],
    ['scalar(smin=0,smax=umax=255,var_off=(0x0; 0xff))', 'number 0…255'],
    ['scalar(smin=umin=20,smax=umax=60,var_off=(0x0; 0x3c))', 'number 20…60, step 4'],
    ['scalar(smin=0,smax=umax=0xffffffff,var_off=(0x0; 0xffffffff))', 'any 32-bit number'],
    ['scalar(smin=-5,smax=7)', 'number −5…7'],
    ['Pscalar(umin=0x10000)', 'number, at least 65536'],
    ['scalar()', 'any number'],
    ['fp0', 'frame pointer'],
    ['fp-8', 'stack at fp−8'],
    ['fp[1]-16', 'stack at fp−16'],
    ['mmmmmmmm', '8 bytes of data'],
    ['00000000', '8 bytes of zero'],
    ['0', 'number 0'],
    ['mmmm????', '4 B data, 4 B never written'],
    ['map_value_or_null(id=1,map=counts,ks=4,vs=16)', 'map value or null of counts'],
    ['P7', 'number 7'],
    ['0x7fffffff', 'number 2147483647'],
    ['something(new=1)', 'something(new=1)'],
  ])('%s is “%s”', (text, words) => expect(explainValue(text)).toBe(words))
})
