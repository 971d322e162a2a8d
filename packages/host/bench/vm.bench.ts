/** The host's BPF machine: instructions and packets a second, map operations a second. */
import { assemble } from '@offload/bpf'
import { sampleFrame } from '@offload/packet'
import { bench, describe } from '../../tooling/bench-loop'
import { createHostMap, createVm, loadProgram, mapAttributes, runProgram } from '../src/index'

const loop = assemble(
  '.prog xdp loop\nr1 = 1000\nr0 = 0\nagain:\nr0 += r1\nr0 ^= 5\nr1 -= 1\nif r1 != 0 goto again\nexit\n',
)
const counter = assemble(`
.map counts array key 4 value 8 max 4
.prog xdp count
  *(u32 *)(r10 - 4) = 0
  r2 = r10
  r2 += -4
  r1 = counts ll
  call bpf_map_lookup_elem
  if r0 == 0 goto out
  r1 = 1
  lock *(u64 *)(r0 + 0) += r1
out:
  r0 = 2
  exit
`)
if (!loop.ok || !counter.ok) throw new Error('bench programs do not assemble')
const frame = sampleFrame()

describe('host BPF machine', () => {
  const vm = createVm()
  const looped = loadProgram(loop.program.insns, [], [])
  bench('4,000 instructions', () => {
    runProgram(vm, looped, 'xdp', frame)
  })
  const made = createHostMap(vm, mapAttributes(counter.program.maps[0]!))
  if (!made.ok) throw new Error('bench map')
  const counted = loadProgram(counter.program.insns, counter.program.relocs, [made.map])
  bench('1,000 packets through a counter', () => {
    for (let i = 0; i < 1000; i++) runProgram(vm, counted, 'xdp', frame)
  })
})

describe('host maps', () => {
  const vm = createVm()
  const made = createHostMap(vm, mapAttributes({ type: 'hash', key_size: 16, value_size: 32, max_entries: 10_000 }))
  if (!made.ok) throw new Error('bench map')
  const key = new Uint8Array(16)
  const value = new Uint8Array(32)
  bench('1,000 updates of a hash', () => {
    for (let i = 0; i < 1000; i++) {
      key[0] = i
      key[1] = i >> 8
      made.map.hostUpdate(key, value, 0)
    }
  })
})
