/**
 * The load balancer on the card: destinations from the demonstration's list (or one of our own where that is absent),
 * packets in IPv4 headers with right sums, the same bytes as on the host's machine. A million packets are run by
 * `bench/l4lb.bench.ts`.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { dissect, formatHex } from '@offload/packet'
import { describe, expect, it } from 'vitest'
import { vectorsDir } from '../../tooling/vectors'
import { clientTraffic, loadBalancer, ownDestinations, spread, wrongWith } from './testing/load-balancer'
import { createHostMap, mapAttributes } from './maps/create'
import { createVm, loadProgram, runProgram } from './vm/run'

const PACKETS = 20_000
const text = readFileSync(new URL('../testdata/l4lb.bpf', import.meta.url), 'utf8')
const folder = vectorsDir('l4lb')
const list = folder === undefined ? ownDestinations(32) : readFileSync(path.join(folder, '32_destinations.csv'), 'utf8')

describe('l4lb', () => {
  it('spreads flows evenly, in valid IPv4 in IPv4, with the bytes of the host machine', () => {
    const { machine, program, servers, stats } = loadBalancer(text, list)
    const source = clientTraffic()
    const frames = Array.from({ length: PACKETS }, () => source.next()!)
    machine.offer(frames)
    const packets = machine.run(Number.MAX_SAFE_INTEGER, { untilIdle: true })
    expect(packets).toHaveLength(PACKETS)

    const vm = createVm()
    const maps = program.definition.maps.map((definition) => {
      const made = createHostMap(vm, mapAttributes(definition))
      if (!made.ok) throw new Error(`errno ${made.errno}`)
      return made.map
    })
    for (const { key, value } of machine.mapDump(servers.id)) maps[0]!.hostUpdate(key, value, 0)
    const onHost = loadProgram(program.definition.insns, program.definition.relocs, maps)
    const addresses = new Set(list.split('\n').map((line) => line.split(',')[0]!.trim()))
    packets.forEach(({ record }, index) => {
      expect(record.outcome).toBe('tx')
      const host = runProgram(vm, onHost, 'xdp', frames[index]!.data)
      expect(host.retval).toBe(3)
      if (formatHex(record.data) !== formatHex(host.data)) expect(formatHex(record.data)).toBe(formatHex(host.data))
      if (index % 20 !== 0) return
      expect(wrongWith(record.data)).toEqual([])
      // The inner packet is the one that came.
      expect(formatHex(record.data.subarray(34))).toBe(formatHex(frames[index]!.data.subarray(14)))
      const outer = dissect(record.data).layers.find((layer) => layer.protocol.startsWith('ip'))!
      expect(addresses).toContain(outer.fields.find((field) => /dst|destination/i.test(field.name))!.text)
    })
    const damaged = packets[0]!.record.data.slice()
    damaged[24]! ^= 1
    expect(wrongWith(damaged)).not.toEqual([])
    const { counts, uneven } = spread(machine, stats)
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(PACKETS)
    expect(counts).toEqual(spreadOnHost(maps[1]!, counts.length))
    // 625 packets a destination: five standard deviations of a fair choice are 20 %.
    expect(uneven).toBeLessThan(0.2)
  })
})

function spreadOnHost(map: { hostLookup(key: Uint8Array): { readonly value?: Uint8Array } }, count: number): number[] {
  return Array.from({ length: count }, (_, index) => {
    const value = map.hostLookup(Uint8Array.of(index, 0, 0, 0)).value!
    return new DataView(value.buffer, value.byteOffset).getUint32(0, true)
  })
}
