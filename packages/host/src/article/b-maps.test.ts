/** Rows B of the article's checklist: maps on the card and on the host. */
import { WAIT_NAMES } from '@offload/nfp-chip'
import type { EmulatedChip } from '@offload/nfp-chip'
import { describe, expect, it } from 'vitest'
import { runCommand } from '../index'
import {
  BLOCK_LIST,
  COUNT_PLAIN,
  LOOKUP,
  countAll,
  counter,
  drive,
  hostOf,
  offload,
  outcomes,
  program,
  send,
  u32,
  udp,
} from '../testing/article-host'

/** Looks the IPv4 source up in a large hash map: one packet, one entry. */
const LOOK_WIDE = BLOCK_LIST.replace('max 16', 'max 100000')

/** Writes the packet's source port under one key, or under its source address: all contexts at one bucket, or at many. */
const write = (key: 'one' | 'source'): string => `
.map m hash key 4 value 4 max 4096
.prog xdp writer
  r7 = *(u32 *)(r1 + 0)
  r8 = *(u32 *)(r1 + 4)
  r0 = 2
  r2 = r7
  r2 += 38
  if r2 > r8 goto out
  r3 = *(u32 *)(r7 + 26)
${key === 'one' ? '  r3 = 7\n' : ''}  *(u32 *)(r10 - 4) = r3
  r3 = *(u32 *)(r7 + 34)
  *(u32 *)(r10 - 8) = r3
  r1 = m ll
  r2 = r10
  r2 += -4
  r3 = r10
  r3 += -8
  r4 = 0
  call bpf_map_update_elem
  r0 = 2
out:
  exit
`

const address = (index: number): string => `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`
const flood = (count: number, src: (index: number) => string): Uint8Array[] =>
  Array.from({ length: count }, (_, i) => udp(53, src(i)))

describe('B. maps', () => {
  it('B1 keeps maps on the card, not on the host', () => {
    const host = hostOf()
    const { maps } = offload(host, countAll(2))
    expect(maps[0]!.host).toBeUndefined()
    expect(maps[0]!.table).toBeDefined()
    expect(runCommand(host, 'bpftool map').stdout).toContain('offloaded_to nfp_p0')
    expect(host.chip.mapLookup(maps[0]!.table!.id, u32(0))).toMatchObject({ code: 0, value: new Uint8Array(8) })
  })

  it('B2 puts them into the external memory, whose latency shows and whose room is limited', () => {
    const host = hostOf({ timeModel: 'exact' })
    const { maps } = offload(host, LOOK_WIDE)
    const waits = new Float64Array(WAIT_NAMES.length)
    send(host, flood(200, address), 0, 20)
    ;(host.chip as EmulatedChip).telemetry.waits(waits)
    expect(waits[WAIT_NAMES.indexOf('EMEM')]! / 200).toBeGreaterThan(100)
    const full = host.createMap({ name: 'f', type: 'hash', key_size: 4, value_size: 4, max_entries: 3_000_000 }, 4)
    expect(full).toMatchObject({ ok: false, errno: 12 })
    expect(maps).toHaveLength(1)
  })

  it('B3 caches what is used often: hits, latency and rate follow the working set, host writes are seen at once', () => {
    const run = (sources: number) => {
      const host = hostOf({ timeModel: 'exact' })
      const { maps } = offload(host, LOOK_WIDE)
      for (let i = 0; i < sources; i++)
        host.mapUpdate(
          maps[0]!.id,
          Uint8Array.of(
            ...address(i * 7)
              .split('.')
              .map(Number),
          ),
          u32(1),
        )
      const chip = host.chip as EmulatedChip
      const before = new Float64Array(3)
      chip.telemetry.memoryCounts(before)
      const start = host.device.now
      send(
        host,
        flood(1200, (i) => address((i % sources) * 7)),
        0,
        1,
      )
      const after = new Float64Array(3)
      chip.telemetry.memoryCounts(after)
      const [hits, misses] = [after[1]! - before[1]!, after[2]! - before[2]!]
      return { share: hits / (hits + misses), time: host.device.now - start, host, map: maps[0]!.id }
    }
    const small = run(16)
    const large = run(1200)
    expect(small.share).toBeGreaterThan(0.9)
    expect(large.share).toBeLessThan(small.share - 0.1)
    expect(large.time).toBeGreaterThan(small.time)
    const key = Uint8Array.of(...address(0).split('.').map(Number))
    expect(outcomes(send(small.host, [udp(53, address(0))]))).toEqual(['drop'])
    expect(small.host.mapDelete(small.map, key)).toBe(0)
    expect(outcomes(send(small.host, [udp(53, address(0))]))).toEqual(['pass'])
  })

  it('B4 lets the host read values by messages while traffic runs', () => {
    const host = hostOf({ timeModel: 'exact' })
    const { maps } = offload(host, countAll(2))
    host.offer(Array.from({ length: 400 }, (_, i) => ({ time: i * 100, port: 0, data: udp() })))
    const seen: number[] = []
    for (let cycles = 8000; cycles <= 40_000; cycles += 8000) {
      host.run(cycles)
      seen.push(counter(host, maps[0]!.id))
    }
    expect(seen[0]).toBeGreaterThan(50)
    expect(seen.slice(1).every((count, i) => count > seen[i]!)).toBe(true)
    expect(host.device.messages.lookup).toBeGreaterThan(0)
  })

  it('B5 obeys what the host writes, at once and without a reload', () => {
    const host = hostOf()
    const { maps } = offload(host, BLOCK_LIST)
    const loads = host.device.steps.counts.get('load')
    const both = (): string[] => outcomes(send(host, [udp(1, '10.0.0.7'), udp(1, '10.0.0.8')]))
    expect(both()).toEqual(['pass', 'pass'])
    host.mapUpdate(maps[0]!.id, Uint8Array.of(10, 0, 0, 7), u32(1))
    expect(both()).toEqual(['drop', 'pass'])
    host.mapDelete(maps[0]!.id, Uint8Array.of(10, 0, 0, 7))
    expect(both()).toEqual(['pass', 'pass'])
    expect(host.device.steps.counts.get('load')).toBe(loads)
  })

  it('B6 reads values in the program: hit and miss take different ways', () => {
    const host = hostOf()
    const { maps, program: made } = offload(host, BLOCK_LIST)
    host.mapUpdate(maps[0]!.id, Uint8Array.of(10, 0, 0, 7), u32(1))
    send(host, [...flood(5, () => '10.0.0.7'), ...flood(7, () => '10.0.0.8')])
    const { wordCounts } = host.chip.counters()
    const slot = (index: number): number => wordCounts[made.image!.insnWords[index * 2]!]!
    const call = [...made.definition.insns].findIndex((byte, i) => i % 8 === 0 && byte === 0x85) / 8
    expect(slot(call)).toBe(12)
    // The last assignment before the exit is reached on a hit alone.
    expect(slot(made.definition.insns.length / 8 - 2)).toBe(5)
  })

  it('B7 writes by atomic adds and helpers, not by stores', () => {
    const store = countAll(2).replace('r1 = 1\n  lock *(u64 *)(r0 + 0) += r1', 'r1 = 9\n  *(u64 *)(r0 + 0) = r1')
    const host = hostOf()
    expect(host.load(program(store), { offload: true })).toMatchObject({
      ok: false,
      errno: 95,
      error: '[nfp] map writes not supported',
    })
    const onHost = drive(host, store)
    send(host, [udp()])
    expect(counter(host, onHost.mapIds[0]!)).toBe(9)
    const atomic = offload(host, countAll(2))
    send(host, [udp(), udp()])
    expect(counter(host, atomic.maps[0]!.id)).toBe(2)
  })

  it('B8 makes writers of one entry wait for its lock', () => {
    const lockWait = (key: 'one' | 'source'): number => {
      const host = hostOf({ timeModel: 'exact' })
      offload(host, write(key))
      send(host, flood(400, address), 0, 10)
      const waits = new Float64Array(WAIT_NAMES.length)
      ;(host.chip as EmulatedChip).telemetry.waits(waits)
      return waits[WAIT_NAMES.indexOf('map lock')]! / 400
    }
    const [one, many] = [lockWait('one'), lockWait('source')]
    expect(one).toBeGreaterThan(many * 3)
    expect(one).toBeGreaterThan(500)
  })

  it('B9 loses no atomic add, but plain read-change-write under load, which is slower, too', () => {
    const counted = (text: string) => {
      const host = hostOf({ timeModel: 'exact' })
      const { maps } = offload(host, text)
      host.offer(Array.from({ length: 500 }, (_, i) => ({ time: i * 20, port: 0, data: udp() })))
      host.run(Number.MAX_SAFE_INTEGER, { untilIdle: true })
      return { kept: counter(host, maps[0]!.id), time: host.device.now }
    }
    const [atomic, plain] = [counted(countAll(2)), counted(COUNT_PLAIN)]
    console.log(`500 packets counted: ${atomic.kept} by atomic adds, ${plain.kept} by plain increments`)
    expect(atomic.kept).toBe(500)
    expect(plain.kept).toBeGreaterThan(0)
    expect(plain.kept).toBeLessThan(500)
    expect(plain.time).toBeGreaterThan(atomic.time)
  })

  it('B10 has arrays: fixed keys, zeros at first, no deletion', () => {
    const host = hostOf()
    const array = host.createMap({ name: 'a', type: 'array', key_size: 4, value_size: 4, max_entries: 2 }, 4)
    if (!array.ok) throw new Error('map')
    const { id } = array.map
    expect(host.mapLookup(id, u32(1)).value).toEqual(u32(0))
    expect(host.mapLookup(id, u32(2)).errno).toBe(-7)
    expect(host.mapUpdate(id, u32(1), u32(5), 1)).toBe(-17)
    expect(host.mapUpdate(id, u32(1), u32(5))).toBe(0)
    expect(host.mapDelete(id, u32(1))).toBe(-22)
    expect(host.mapLookup(id, u32(1)).value).toEqual(u32(5))
  })

  it('B11 has hashes: insertion, deletion, flags, and an end', () => {
    const host = hostOf()
    const hash = host.createMap({ name: 'h', type: 'hash', key_size: 4, value_size: 4, max_entries: 1 }, 4)
    if (!hash.ok) throw new Error('map')
    const { id } = hash.map
    expect(host.mapUpdate(id, u32(1), u32(5), 2)).toBe(-2)
    expect(host.mapUpdate(id, u32(1), u32(5), 1)).toBe(0)
    expect(host.mapUpdate(id, u32(1), u32(5), 1)).toBe(-17)
    expect(host.mapUpdate(id, u32(1), u32(6), 2)).toBe(0)
    expect(host.mapUpdate(id, u32(2), u32(5))).toBe(-7)
    expect(host.mapDelete(id, u32(2))).toBe(-2)
    expect(host.mapDelete(id, u32(1))).toBe(0)
    expect(host.mapUpdate(id, u32(2), u32(5))).toBe(0)
  })

  it('B12 leaves other kinds of maps to the host', () => {
    const host = hostOf()
    for (const type of ['lru_hash', 'percpu_array', 'percpu_hash', 'lpm_trie', 'queue', 'ringbuf', 'prog_array']) {
      const sizes: Record<string, readonly [key: number, value: number, entries: number, flags: number]> = {
        lpm_trie: [8, 4, 4, 1],
        queue: [0, 4, 4, 0],
        ringbuf: [0, 0, 4096, 0],
      }
      const [key_size, value_size, max_entries, map_flags] = sizes[type] ?? [4, 4, 4, 0]
      const definition = { name: 'm', type, key_size, value_size, max_entries, map_flags }
      expect(host.createMap(definition, 4), type).toMatchObject({ ok: false, errno: 22 })
      expect(host.createMap(definition).ok, type).toBe(true)
    }
    const text = `.map m lru_hash key 4 value 4 max 4\n.prog xdp p\n  r1 = 0\n  *(u32 *)(r10 - 4) = r1\n${LOOKUP}  r0 = 1\n  exit\n`
    expect(host.load(program(text), { offload: true })).toMatchObject({ ok: false, stage: 'map_create', errno: 22 })
    drive(host, text)
    expect(send(host, [udp()])[0]!.host).toBe('dropped')
  })
})
