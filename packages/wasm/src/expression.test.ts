import { describe, expect, it } from 'vitest'
import { ModuleBuilder } from './builder'
import type { FunctionBuilder, IntVariable } from './builder'
import { choose, float, int } from './expression'
import { wasmPlatform } from './platform'

type Body = (f: FunctionBuilder, a: IntVariable, b: IntVariable) => void

/** Runs a function of two integers over a memory that can be looked at. */
function run(body: Body, a: number, b: number, words = new Int32Array(4)): number {
  const module = new ModuleBuilder('env', { minimum: 1 })
  module.define('test', ['int', 'int'], 'int', body)
  const wasm = wasmPlatform()!
  const memory = new wasm.Memory({ initial: 1 })
  const view = new Int32Array(memory.buffer, 0, words.length)
  view.set(words)
  const { exports } = new wasm.Instance(new wasm.Module(module.finish()), { env: { memory } })
  const result = (exports['test'] as (x: number, y: number) => number)(a, b)
  words.set(view)
  return result
}

describe('expressions', () => {
  it('compute as the names say', () => {
    expect(run((f, a, b) => f.return(a.add(b).mul(3)), 4, 5)).toBe(27)
    expect(run((f, a, b) => f.return(a.sar(b)), -64, 3)).toBe(-8)
    expect(run((f, a, b) => f.return(a.shr(b)), -1, 28)).toBe(15)
    expect(run((f, a) => f.return(a.swapped()), 0x11223344, 0)).toBe(0x44332211)
    expect(run((f, a, b) => f.return(choose(a.ltu(b), 1, 2)), 1, -1)).toBe(1)
    expect(run((f, a, b) => f.return(a.toLong().mul(b.toLong()).high()), -1, -1)).toBe(-2)
    expect(run((f, a, b) => f.return(a.toFloat().mul(float(0.5)).add(b.toFloat()).ceil().toInt()), 5, 1)).toBe(4)
  })

  it('read and write memory in words, floats and bytes', () => {
    const words = Int32Array.of(7, 0, 0, 0)
    run(
      (f, a) => {
        f.putFloat(int(8), 0, float(1.5))
        f.put(int(4), 0, int(0).word(0).add(a))
        f.putByte(int(1), 0xff)
        f.return(0)
      },
      3,
      0,
      words,
    )
    expect([words[0], words[1]]).toEqual([0xff07, 10])
    expect(new Float64Array(words.buffer)[1]).toBe(1.5)
  })

  it('loop, leave and choose between cases', () => {
    const sum: Body = (f, from, to) => {
      const total = f.int()
      f.count(from, to, () => total.increase(from))
      f.return(total)
    }
    expect(run(sum, 1, 5)).toBe(10)
    const pick: Body = (f, value) => {
      const result = f.int(0)
      f.switch(
        value,
        new Map([
          [3, () => result.set(30)],
          [5, () => result.set(50)],
        ]),
        () => result.set(-1),
      )
      f.return(result)
    }
    expect([2, 3, 4, 5, 6].map((value) => run(pick, value, 0))).toEqual([-1, 30, -1, 50, -1])
  })
})
