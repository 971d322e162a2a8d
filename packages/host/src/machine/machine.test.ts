import { assemble } from '@offload/bpf'
import type { Program } from '@offload/bpf'
import { FIRMWARE_PROFILES } from '@offload/nfp-jit'
import { createRandom, sampleFrame } from '@offload/packet'
import { describe, expect, it } from 'vitest'
import { TableChip } from '../testing/table-chip'
import { runCommand } from '../tools/run-command'
import { createMachine } from './machine'
import type { Machine } from './machine'
import type { LoadResult } from './program-loader'

function program(text: string): Program {
  const result = assemble(text)
  if (!result.ok) throw new Error(JSON.stringify(result.diagnostics))
  return result.program
}

function machine(chip = new TableChip()): Machine {
  return createMachine({ chip, firmware: FIRMWARE_PROFILES.shipping })
}

function loaded(result: LoadResult): Extract<LoadResult, { ok: true }> {
  if (!result.ok) throw new Error(`${result.stage}: ${result.errno} ${result.error}`)
  return result
}

const COUNTER = `
.map counts array key 4 value 8 max 4
.prog xdp count
  r1 = 0
  *(u32 *)(r10 - 4) = r1
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
`
const PASS = '.prog xdp pass\nr0 = 2\nexit\n'
const DROP = '.prog xdp drop\nr0 = 1\nexit\n'

const u32 = (value: number): Uint8Array =>
  Uint8Array.of(value & 255, (value >> 8) & 255, (value >> 16) & 255, value >>> 24)

describe('packets that the host sends on', () => {
  it('leave by the interface that a program or a device map names, and are counted there', () => {
    const chip = new TableChip()
    chip.fate = () => ({ outcome: 'pass', queue: 0 })
    const host = machine(chip)
    const [first, second] = host.netdevs
    const run = (text: string, entry?: number): ReturnType<Machine['run']>[number] => {
      const { program: made, maps } = loaded(host.load(program(text)))
      if (entry !== undefined) expect(host.mapUpdate(maps[0]!.id, u32(2), u32(entry))).toBe(0)
      host.attach(made.id, first!.ifindex, 'driver')
      host.offer([{ time: 0, port: 0, data: sampleFrame(100) }])
      return host.run(chip.now + 100)[0]!
    }
    const byMap =
      '.map ports devmap key 4 value 4 max 4\n.prog xdp p\n  r1 = ports ll\n  r2 = 2\n  r3 = 0\n  call bpf_redirect_map\n  exit\n'
    const byIndex = (ifindex: number): string =>
      `.prog xdp p\n  r1 = ${ifindex}\n  r2 = 0\n  call bpf_redirect\n  exit\n`
    expect(run(byMap, second!.ifindex)).toMatchObject({ host: 'redirected', sentBy: second!.ifindex })
    expect(run(byIndex(second!.ifindex))).toMatchObject({ host: 'redirected', sentBy: second!.ifindex })
    expect(run(byIndex(99)).host).toBe('dropped')
    expect(run('.prog xdp p\n  r0 = 3\n  exit\n')).toMatchObject({ host: 'tx', sentBy: first!.ifindex })
    expect([second!.counters.sent, second!.counters.sentBytes, first!.counters.sent]).toEqual([2, 200, 1])
    expect(runCommand(host, 'ethtool -S nfp_p1 | grep dev_tx_pkts').stdout).toBe('     dev_tx_pkts: 2\n')
    const { maps } = loaded(host.load(program(byMap)))
    expect(host.mapUpdate(maps[0]!.id, u32(0), u32(99))).toBe(-22)
  })
})

describe('programs and maps of the host', () => {
  it('go when their last reference goes, maps after the program', () => {
    const host = machine()
    const { program: made, maps } = loaded(host.load(program(COUNTER)))
    expect(host.programs.list().map((one) => [one.id, one.name, one.type])).toEqual([[1, 'count', 'xdp']])
    host.pin('/sys/fs/bpf/count', 'program', made.id)
    host.close('map', maps[0]!.id)
    host.close('program', made.id)
    expect(host.maps.list().length).toBe(1)
    expect(host.leaks().length).toBe(2)
    expect(host.unpin('/sys/fs/bpf/count')).toBe(0)
    expect(host.leaks()).toEqual([])
  })

  it('leave nothing when a load is refused, and say why', () => {
    const host = machine()
    const refused = host.load(
      program('.map counts array key 4 value 8 max 4\n.prog xdp bad\nr1 = counts ll\nr0 = *(u64 *)(r2 + 0)\nexit\n'),
    )
    expect(refused).toMatchObject({ ok: false, stage: 'prog_load', errno: 13 })
    expect(host.leaks()).toEqual([])
    expect(host.syscalls.list().map((call) => [call.command, call.errno])).toEqual([
      ['BPF_MAP_CREATE', 0],
      ['BPF_PROG_LOAD', 13],
    ])
  })

  it('count packets that the card passes, in driver mode, at a cost', () => {
    const chip = new TableChip()
    const host = machine(chip)
    const { program: made, maps } = loaded(host.load(program(COUNTER)))
    expect(host.attach(made.id, 4, 'driver')).toEqual({ errno: 0 })
    chip.fate = (frame) => ({ outcome: frame.time < 2 ? 'pass' : 'drop', queue: 3 })
    host.offer([0, 1, 2].map((time) => ({ time, port: 0, data: sampleFrame() })))
    const packets = host.run(1000)
    expect(packets.map((packet) => packet.host)).toEqual(['stack', 'stack', undefined])
    expect(packets[0]!.hostInstructions).toBeGreaterThan(5)
    expect(packets[2]!.hostInstructions).toBe(0)
    expect(host.mapLookup(maps[0]!.id, u32(0)).value).toEqual(Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0))
    expect(host.netdevs[0]!.counters.queuePackets).toEqual([0, 0, 0, 2])
  })
})

describe('programs of the card', () => {
  it('load, attach to both ports, and are stopped', () => {
    const chip = new TableChip()
    const host = machine(chip)
    const { program: made, maps, device } = loaded(host.load(program(COUNTER), { offload: true }))
    expect(device?.verdict).toBe('ok')
    expect(maps[0]!.table?.id).toBe(1)
    expect(host.device.messages.alloc).toBe(1)
    expect(host.attach(made.id, 4, 'offload')).toEqual({ errno: 0 })
    expect(host.attach(made.id, 5, 'offload')).toEqual({ errno: 0 })
    expect([...chip.loaded.values()].map((one) => one.start)).toEqual([2592, 2592 + 2800])
    host.unload(made.id)
    expect(chip.loaded.size).toBe(0)
    expect(chip.tables.size).toBe(0)
    expect(host.device.accounting).toEqual({ maps: 0, elements: 0 })
    expect(host.leaks()).toEqual([])
  })

  it('turn counters round between host and card, and only those', () => {
    const chip = new TableChip()
    const host = machine(chip)
    const { maps } = loaded(host.load(program(COUNTER), { offload: true }))
    chip.mapUpdate(1, u32(0), Uint8Array.of(0, 0, 0, 7, 0, 0, 0, 0), 0)
    expect(host.mapLookup(maps[0]!.id, u32(0)).value).toEqual(Uint8Array.of(7, 0, 0, 0, 0, 0, 0, 0))
    expect(host.mapUpdate(maps[0]!.id, u32(1), Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 0))).toBe(0)
    expect(chip.mapLookup(1, u32(1)).value).toEqual(Uint8Array.of(0, 0, 0, 9, 0, 0, 0, 0))
    expect(host.mapDelete(maps[0]!.id, u32(0))).toBe(-22)
    expect(host.mapUpdate(maps[0]!.id, u32(0), new Uint8Array(8), 3)).toBe(-22)
  })

  it('cannot be attached to the host, nor host programs to the card', () => {
    const host = machine()
    const onCard = loaded(host.load(program(DROP), { offload: true })).program
    const onHost = loaded(host.load(program(PASS))).program
    expect(host.attach(onCard.id, 4, 'driver')).toEqual({
      errno: -22,
      message: 'Using device-bound program without HW_MODE flag is not supported',
    })
    expect(host.attach(onHost.id, 4, 'offload')).toEqual({ errno: -22 })
    expect(host.attach(onCard.id, 4, 'offload')).toEqual({ errno: 0 })
    expect(host.attach(onHost.id, 4, 'driver')).toEqual({ errno: 0 })
    expect(host.attach(onHost.id, 4, 'generic')).toEqual({
      errno: -17,
      message: "Native and generic XDP can't be active at the same time",
    })
    expect(host.attach(onHost.id, 4, 'driver', { noReplace: true })).toEqual({
      errno: -16,
      message: 'XDP program already attached',
    })
  })

  it('use only maps that the card can hold', () => {
    const host = machine()
    const lru = host.load(program('.map m lru_hash key 4 value 4 max 4\n.prog xdp p\nr1 = m ll\nr0 = 2\nexit\n'), {
      offload: true,
    })
    expect(lru).toMatchObject({ ok: false, stage: 'map_create', errno: 22, map: 'm' })
    const large = host.load(program('.map m hash key 4 value 64 max 4\n.prog xdp p\nr1 = m ll\nr0 = 2\nexit\n'), {
      offload: true,
    })
    expect(large).toMatchObject({ ok: false, stage: 'map_create', errno: 12 })
    expect(host.device.kernelLog.at(-1)).toMatch(/^NFP net bpf: map elements too large: 72/)
    expect(host.leaks()).toEqual([])
  })

  it('exclude TC and XDP on one port', () => {
    const host = machine()
    const xdp = loaded(host.load(program(DROP), { offload: true })).program
    const tc = loaded(host.load(program('.prog sched_cls cls\nr0 = 2\nexit\n'), { offload: true })).program
    const filter = {
      direction: 'ingress',
      programId: tc.id,
      label: 'cls.o:[classifier]',
      directAction: true,
      skipSw: true,
      skipHw: false,
    } as const
    expect(host.addFilter(4, filter)).toEqual({ errno: -22, message: "Parent Qdisc doesn't exists" })
    host.netdevs[0]!.clsact = true
    expect(host.addFilter(4, filter)).toEqual({ errno: -95, message: 'TC offload is disabled on net device' })
    host.netdevs[0]!.tcOffload = true
    expect(host.addFilter(4, { ...filter, protocolAll: false })).toEqual({
      errno: -95,
      message: 'nfp: only ETH_P_ALL supported as filter protocol',
    })
    expect(host.addFilter(4, filter)).toEqual({ errno: 0 })
    expect(host.attach(xdp.id, 4, 'offload')).toEqual({ errno: -16 })
    expect(host.removeFilter(4, host.netdevs[0]!.filters[0]!)).toEqual({ errno: 0 })
    expect(host.attach(xdp.id, 4, 'offload')).toEqual({ errno: 0 })
  })

  it('limit the MTU while a program that reaches far runs', () => {
    const host = machine()
    const far = `
.prog xdp far
  r2 = *(u32 *)(r1 + 0)
  r3 = *(u32 *)(r1 + 4)
  r4 = r2
  r4 += 2000
  if r4 > r3 goto out
  r0 = *(u8 *)(r2 + 1999)
out:
  r0 = 2
  exit
`
    const made = loaded(host.load(program(far), { offload: true })).program
    expect(host.attach(made.id, 4, 'offload')).toEqual({ errno: 0 })
    expect(host.setMtu(4, 9000)).toEqual({ errno: -16 })
    expect(host.setMtu(4, 1800)).toEqual({ errno: 0 })
    host.detach(4, 'offload')
    expect(host.setMtu(4, 9000)).toEqual({ errno: 0 })
    expect(host.attach(made.id, 4, 'offload')).toEqual({
      errno: -95,
      message: 'nfp: BPF offload not supported with potential packet access beyond HW packet split boundary',
    })
  })
})

describe('many cycles', () => {
  it('leave nothing behind: load, attach, write, detach, unload a thousand times (seed 5)', () => {
    const chip = new TableChip()
    const host = machine(chip)
    const random = createRandom(5)
    const drop = program(DROP)
    const counter = program('.map m hash key 4 value 8 max 8\n.prog xdp p\nr1 = m ll\nr0 = 2\nexit\n')
    for (let round = 0; round < 1000; round++) {
      const offload = random.below(2) === 0
      const { program: made, maps } = loaded(host.load(random.below(2) ? drop : counter, { offload, logLevel: 0 }))
      host.attach(made.id, 4 + random.below(2), offload ? 'offload' : 'driver')
      for (const map of maps)
        for (let i = 0; i < 5; i++) host.mapUpdate(map.id, u32(random.below(12)), new Uint8Array(8), random.below(3))
      if (random.below(30) === 0) host.pin(`/sys/fs/bpf/${round}`, 'program', made.id)
      if (random.below(30)) host.unload(made.id)
      else host.detach(4, offload ? 'offload' : 'driver')
    }
    for (const path of [...host.pins.keys()]) host.unpin(path)
    for (const one of host.programs.list()) host.unload(one.id)
    expect(host.leaks()).toEqual([])
    expect(chip.tables.size).toBe(0)
    expect(host.device.accounting).toEqual({ maps: 0, elements: 0 })
    expect(host.vm.memory.heapUsed).toBe(0)
  })
})

describe('perf events of the card', () => {
  const SAMPLER = '.map events perf_event_array key 4 value 4 max 4\n.prog xdp p\nr2 = events ll\nr0 = 2\nexit\n'
  it('reach the reader, are counted when there is none or no room, and when the map is unknown', () => {
    const chip = new TableChip()
    const host = machine(chip)
    const { maps } = loaded(host.load(program(SAMPLER), { offload: true }))
    const { id } = maps[0]!
    const event = (mapId: number) => ({
      time: 800,
      core: 0,
      mapId,
      packet: Uint8Array.of(1, 2),
      data: new Uint8Array(1000),
    })
    chip.events = [event(id)]
    expect(host.events()).toEqual([])
    expect(host.eventsLost()).toBe(1)
    host.openEvents(id, { pages: 1 })
    chip.events = Array.from({ length: 6 }, () => event(id))
    const read = host.events(id)
    expect(read.length).toBe(4)
    expect(read[0]).toMatchObject({ time: 1000, cpu: 0, mapId: id })
    expect(host.eventsLost(id)).toBe(3)
    chip.events = [event(999)]
    host.events()
    expect(host.device.kernelLog).toEqual(['perf event: map id 999 (0x3e7) not recognized, dropping event'])
  })
})

describe('perf events of the host', () => {
  it('go to the ring of the CPU that ran the program; without a reader the helper says so', () => {
    const text = `
.license GPL
.map events perf_event_array key 4 value 4 max 4
.map result array key 4 value 8 max 1
.prog xdp p
  r6 = r1
  r2 = 9
  *(u32 *)(r10 - 4) = r2
  r2 = events ll
  r3 = 0x8ffffffff ll
  r4 = r10
  r4 += -4
  r5 = 4
  call bpf_perf_event_output
  r7 = r0
  r1 = 0
  *(u32 *)(r10 - 4) = r1
  r2 = r10
  r2 += -4
  r1 = result ll
  call bpf_map_lookup_elem
  if r0 == 0 goto out
  *(u64 *)(r0 + 0) = r7
out:
  r0 = 2
  exit
`
    const chip = new TableChip()
    const host = machine(chip)
    const { program: made, maps } = loaded(host.load(program(text)))
    host.attach(made.id, 4, 'driver')
    chip.fate = () => ({ outcome: 'pass', queue: 2 })
    const frame = sampleFrame()
    const send = (): void => {
      host.offer([{ time: 0, port: 0, data: frame }])
      host.run(chip.now + 10)
    }
    send()
    expect(host.mapLookup(maps[1]!.id, u32(0)).value).toEqual(Uint8Array.of(0xfe, 255, 255, 255, 255, 255, 255, 255))
    host.openEvents(maps[0]!.id)
    send()
    expect(host.mapLookup(maps[1]!.id, u32(0)).value).toEqual(new Uint8Array(8))
    expect(host.events()).toMatchObject([{ cpu: 2, data: Uint8Array.of(9, 0, 0, 0), packet: frame.slice(0, 8) }])
  })
})
