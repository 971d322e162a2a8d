/**
 * The rows of the article's checklist that the host and the card together must show, each a test named after its row. The
 * card is the emulated one, in the functional time model.
 */
import { assemble } from '@offload/bpf'
import type { Program } from '@offload/bpf'
import { createChip, DEVICES, FIRMWARE_BEHAVIOURS } from '@offload/nfp-chip'
import type { TimeModel } from '@offload/nfp-chip'
import { FIRMWARE_PROFILES } from '@offload/nfp-jit'
import { buildFrame, createTraffic, dissect, formatHex, trafficPreset } from '@offload/packet'
import { describe, expect, it } from 'vitest'
import { createMachine, objectOf, runBoth, runCommand } from './index'
import type { HostPacket, LoadResult, Machine } from './index'

function program(text: string): Program {
  const result = assemble(text)
  if (!result.ok) throw new Error(JSON.stringify(result.diagnostics[0]))
  return result.program
}

const chip = (timeModel: TimeModel = 'functional') =>
  createChip({ device: DEVICES['cx-2x25']!, firmware: FIRMWARE_BEHAVIOURS['shipping']!, seed: 1, timeModel, queues: 8 })
const machine = (timeModel?: TimeModel): Machine =>
  createMachine({ chip: chip(timeModel), firmware: FIRMWARE_PROFILES.shipping })

function loaded(result: LoadResult): Extract<LoadResult, { ok: true }> {
  if (!result.ok) throw new Error(`${result.stage}: ${result.error}`)
  return result
}

/** Sends frames to a port and gives what came of them. */
function send(host: Machine, frames: readonly Uint8Array[], port = 0): HostPacket[] {
  const start = host.device.now + 1000
  host.offer(frames.map((data, i) => ({ time: start + i * 1000, port, data })))
  return host.run(Number.MAX_SAFE_INTEGER, { untilIdle: true })
}

const udp = (dstPort = 53, src = '10.0.0.1', size = 64): Uint8Array =>
  buildFrame([{ kind: 'ethernet' }, { kind: 'ipv4', src }, { kind: 'udp', dstPort }], { size })
const u32 = (value: number): Uint8Array =>
  Uint8Array.of(value & 255, (value >> 8) & 255, (value >> 16) & 255, value >>> 24)
const counter = (host: Machine, map: number, key = 0): number => host.mapLookup(map, u32(key)).value![0]!

const PASS = '.prog xdp pass\nr0 = 2\nexit\n'
const DROP = '.prog xdp drop\nr0 = 1\nexit\n'
const LOOKUP = '  r2 = r10\n  r2 += -4\n  r1 = m ll\n  call bpf_map_lookup_elem\n'
/** Counts at index 0, returns `verdict`. */
const count = (verdict: number): string => `
.license GPL
.map m array key 4 value 8 max 4
.prog xdp count
  r1 = 0
  *(u32 *)(r10 - 4) = r1
${LOOKUP}  if r0 == 0 goto out
  r1 = 1
  lock *(u64 *)(r0 + 0) += r1
out:
  r0 = ${verdict}
  exit
`
/** Drops packets whose IPv4 source is in the map. */
const BLOCK_LIST = `
.map m hash key 4 value 4 max 16
.prog xdp block
  r7 = *(u32 *)(r1 + 0)
  r8 = *(u32 *)(r1 + 4)
  r0 = 2
  r2 = r7
  r2 += 34
  if r2 > r8 goto out
  r2 = *(u32 *)(r7 + 26)
  *(u32 *)(r10 - 4) = r2
${LOOKUP}  r1 = r0
  r0 = 2
  if r1 == 0 goto out
  r0 = 1
out:
  exit
`

describe('A. set-up and framework', () => {
  it('A4 logs each bpf() call with its attributes and errno', () => {
    const host = machine()
    host.load(program(count(2)), { offload: true })
    host.load(program('.prog xdp bad\nr0 = *(u64 *)(r2 + 0)\nexit\n'))
    const calls = host.syscalls.list()
    expect(calls.map((call) => [call.command, call.errno])).toEqual([
      ['BPF_MAP_CREATE', 0],
      ['BPF_PROG_LOAD', 0],
      ['BPF_PROG_LOAD', 13],
    ])
    expect(calls[0]!.attributes).toMatchObject({
      map_type: 'array',
      key_size: 4,
      value_size: 8,
      max_entries: 4,
      map_ifindex: 4,
    })
  })

  it('A5 loads and attaches by the commands of ip and tc', () => {
    const host = machine()
    host.files.set('p.o', objectOf(program(DROP)))
    host.files.set('c.o', objectOf(program('.prog sched_cls c\nr0 = 2\nexit\n')))
    expect(runCommand(host, 'ip link set dev nfp_p0 xdpoffload obj p.o sec xdp').code).toBe(0)
    expect(send(host, [udp()])[0]!.record.outcome).toBe('drop')
    for (const line of [
      'tc qdisc add dev nfp_p1 clsact',
      'ethtool -K nfp_p1 hw-tc-offload on',
      'tc filter add dev nfp_p1 ingress bpf da skip_sw obj c.o',
    ])
      expect(runCommand(host, line)).toEqual({ stdout: '', stderr: '', code: 0 })
    expect(send(host, [udp()], 1)[0]!.record.outcome).toBe('drop')
    expect(runCommand(host, 'ip link set dev nfp_p0 xdpoffload obj p.o sec xdp').stderr).toBe(
      'Error: XDP program already attached.\n',
    )
  })

  it('A6 takes an interface index when the program is for the card', () => {
    const host = machine()
    host.load(program(PASS), { offload: true, ifindex: 5 })
    host.load(program(PASS))
    expect(host.syscalls.list().map((call) => call.attributes['prog_ifindex'])).toEqual([5, undefined])
  })

  it('A7 refuses what is not safe or does not end, with the kernel’s words', () => {
    const host = machine()
    expect(host.load(program('.prog xdp l\nagain:\ngoto again\nexit\n'))).toMatchObject({ ok: false, errno: 22 })
    expect(host.load(program('.prog xdp m\nr1 = *(u32 *)(r1 + 0)\nr0 = *(u8 *)(r1 + 0)\nexit\n'))).toMatchObject({
      ok: false,
      errno: 13,
      error: 'R1 offset is outside of the packet',
    })
    expect(loaded(host.load(program(PASS))).verify.processedInsns).toBe(2)
  })

  it('A8 A15 translates programs for the card, always', () => {
    const made = loaded(machine().load(program(PASS), { offload: true })).program
    expect(made.image!.words.length / 2).toBeGreaterThan(20)
  })

  it('A9 keeps a program without an attachment, and lets it go with its last holder', () => {
    const host = machine()
    const { id } = loaded(host.load(program(PASS), { offload: true })).program
    host.attach(id, 4, 'offload')
    host.detach(4, 'offload')
    expect(host.programs.get(id)?.refs).toEqual({ fds: 1, pins: 0, users: 0 })
    host.close('program', id)
    expect(host.programs.get(id)).toBeUndefined()
  })

  it('A10 has hooks for sockets, TC and XDP; sockets cannot be offloaded', () => {
    const host = machine()
    const filter = program('.prog socket_filter s\nr0 = 100\nexit\n')
    expect(host.load(filter, { offload: true })).toMatchObject({ ok: false, errno: 22 })
    const { id } = loaded(host.load(filter)).program
    expect(host.attachSocket(id, 4)).toEqual({ errno: 0 })
    send(host, [udp()])
    expect(host.netdevs[0]!.sockets[0]).toMatchObject({ matched: 1, bytes: 64 })
  })

  it('A11 loads and attaches in one command, as two calls', () => {
    const host = machine()
    host.files.set('p.o', objectOf(program(PASS)))
    runCommand(host, 'ip link set dev nfp_p0 xdpoffload obj p.o sec xdp')
    expect(host.syscalls.list().map((call) => call.command)).toEqual(['BPF_PROG_LOAD', 'RTM_NEWLINK'])
  })

  it('A12 creates maps on the card by a control message, within its limits', () => {
    const host = machine()
    host.load(program(count(2)), { offload: true })
    expect(host.device.messages.alloc).toBe(1)
    expect(
      host.load(program('.map m hash key 4 value 4 max 4000000\n.prog xdp p\nr1 = m ll\nr0 = 2\nexit\n'), {
        offload: true,
      }),
    ).toMatchObject({ ok: false, errno: 12 })
    expect(host.device.kernelLog.at(-1)).toBe(
      `NFP net bpf: map with too many elements: 4000000, left: ${3_072_000 - 4}`,
    )
  })

  it('A14 has the driver check instructions beside the kernel', () => {
    const refused = machine().load(program('.prog xdp p\nr0 = 7\nr0 %= 3\nexit\n'), { offload: true })
    expect(refused).toMatchObject({ ok: false, errno: 22, error: '[nfp] instruction 0x97 not supported' })
  })

  it('A16 A17 puts the words into the card on attach and takes all back on the end', () => {
    const host = machine()
    const made = loaded(host.load(program(DROP), { offload: true })).program
    expect(send(host, [udp()])[0]!.record.outcome).toBe('pass')
    host.attach(made.id, 4, 'offload')
    expect(send(host, [udp()])[0]!.record.outcome).toBe('drop')
    host.unload(made.id)
    expect(send(host, [udp()])[0]!.record.outcome).toBe('pass')
    expect(host.leaks()).toEqual([])
  })

  it('A19 A20 shares a program and its maps between ports', () => {
    const host = machine()
    const { program: made, maps } = loaded(host.load(program(count(1)), { offload: true }))
    for (const ifindex of [4, 5]) expect(host.attach(made.id, ifindex, 'offload')).toEqual({ errno: 0 })
    send(host, [udp(), udp()], 0)
    send(host, [udp()], 1)
    expect(counter(host, maps[0]!.id)).toBe(3)
  })

  it('A21 runs a program on the card and another in the driver', () => {
    const host = machine()
    const { program: card } = loaded(host.load(program(BLOCK_LIST), { offload: true }))
    const { program: driver, maps } = loaded(host.load(program(count(2))))
    host.attach(card.id, 4, 'offload')
    host.attach(driver.id, 4, 'driver')
    host.mapUpdate(card.mapIds[0]!, Uint8Array.of(10, 0, 0, 9), u32(1))
    send(host, [udp(1, '10.0.0.1'), udp(1, '10.0.0.9'), udp(1, '10.0.0.2')])
    expect(counter(host, maps[0]!.id)).toBe(2)
    expect(runCommand(host, 'bpftool net | grep p0').stdout).toBe(
      `nfp_p0(4) driver id ${driver.id} offload id ${card.id}\n`,
    )
  })

  it('A22 costs the host nothing for what the card drops', () => {
    const host = machine()
    const card = loaded(host.load(program(DROP), { offload: true })).program
    const driver = loaded(host.load(program(count(1)))).program
    host.attach(driver.id, 4, 'driver')
    expect(send(host, [udp()])[0]!.hostInstructions).toBeGreaterThan(5)
    host.attach(card.id, 4, 'offload')
    expect(send(host, [udp(), udp()]).map((packet) => packet.hostInstructions)).toEqual([0, 0])
  })

  it('A23 takes more on the host than on the card', () => {
    const host = machine()
    const clock = program('.prog xdp p\ncall bpf_ktime_get_ns\nr0 = 2\nexit\n')
    expect(host.load(clock, { offload: true })).toMatchObject({
      ok: false,
      errno: 95,
      error: '[nfp] unsupported function id: 5',
    })
    expect(host.load(clock).ok).toBe(true)
  })

  it('A24 gives the same on card and host: verdicts, bytes, maps', () => {
    const source = createTraffic(trafficPreset('web')!.spec)
    const packets = Array.from({ length: 150 }, () => source.next()!.data)
    for (const text of [count(3), BLOCK_LIST]) {
      const entries = text === BLOCK_LIST ? [{ map: 0, key: packets[0]!.slice(26, 30), value: u32(1) }] : []
      const result = runBoth({
        chip: chip(),
        firmware: FIRMWARE_PROFILES.shipping,
        program: program(text),
        packets,
        entries,
      })
      expect(result).toMatchObject({ ok: true, differences: [] })
    }
  })
})

describe('B. maps', () => {
  it('B1 B4 keeps maps on the card, and the host reads them by messages', () => {
    const host = machine()
    const { program: made, maps } = loaded(host.load(program(count(2)), { offload: true }))
    host.attach(made.id, 4, 'offload')
    send(host, [udp(), udp()])
    expect(maps[0]!.host).toBeUndefined()
    expect(counter(host, maps[0]!.id)).toBe(2)
    expect(host.device.messages.lookup).toBe(1)
    expect(runCommand(host, 'bpftool map').stdout).toContain('offloaded_to nfp_p0')
  })

  it('B5 B6 obeys what the host writes, at once', () => {
    const host = machine()
    const { program: made, maps } = loaded(host.load(program(BLOCK_LIST), { offload: true }))
    host.attach(made.id, 4, 'offload')
    const outcomes = () => send(host, [udp(1, '10.0.0.7'), udp(1, '10.0.0.8')]).map((packet) => packet.record.outcome)
    expect(outcomes()).toEqual(['pass', 'pass'])
    host.mapUpdate(maps[0]!.id, Uint8Array.of(10, 0, 0, 7), u32(1))
    expect(outcomes()).toEqual(['drop', 'pass'])
    host.mapDelete(maps[0]!.id, Uint8Array.of(10, 0, 0, 7))
    expect(outcomes()).toEqual(['pass', 'pass'])
  })

  it('B7 writes by atomic adds and helpers, not by stores', () => {
    const store = program(count(2).replace('r1 = 1\n  lock *(u64 *)(r0 + 0) += r1', 'r1 = 1\n  *(u64 *)(r0 + 0) = r1'))
    const host = machine()
    expect(host.load(store, { offload: true })).toMatchObject({
      ok: false,
      errno: 95,
      error: '[nfp] map writes not supported',
    })
    expect(host.load(store).ok).toBe(true)
  })

  it('B9 loses no atomic add, but plain read-change-write under load', () => {
    const plain = `
.map m array key 4 value 8 max 4
.prog xdp plain
  r1 = 0
  *(u32 *)(r10 - 4) = r1
${LOOKUP}  if r0 == 0 goto out
  r1 = *(u32 *)(r0 + 0)
  r1 += 1
  *(u32 *)(r10 - 16) = r1
  r1 = 0
  *(u32 *)(r10 - 12) = r1
  r1 = m ll
  r2 = r10
  r2 += -4
  r3 = r10
  r3 += -16
  r4 = 0
  call bpf_map_update_elem
out:
  r0 = 2
  exit
`
    const counted = (text: string): number => {
      const host = machine('exact')
      const { program: made, maps } = loaded(host.load(program(text), { offload: true }))
      host.attach(made.id, 4, 'offload')
      host.offer(Array.from({ length: 200 }, (_, i) => ({ time: i * 20, port: 0, data: udp() })))
      host.run(Number.MAX_SAFE_INTEGER, { untilIdle: true })
      return counter(host, maps[0]!.id)
    }
    expect(counted(count(2))).toBe(200)
    const kept = counted(plain)
    expect(kept).toBeGreaterThan(0)
    expect(kept).toBeLessThan(200)
  })

  it('B10 B11 has arrays that cannot lose entries and hashes that fill up', () => {
    const host = machine()
    const array = host.createMap({ name: 'a', type: 'array', key_size: 4, value_size: 4, max_entries: 2 }, 4)
    const hash = host.createMap({ name: 'h', type: 'hash', key_size: 4, value_size: 4, max_entries: 1 }, 4)
    if (!array.ok || !hash.ok) throw new Error('maps')
    expect(host.mapLookup(array.map.id, u32(1)).value).toEqual(u32(0))
    expect(host.mapDelete(array.map.id, u32(1))).toBe(-22)
    expect(host.mapUpdate(hash.map.id, u32(1), u32(5), 2)).toBe(-2)
    expect(host.mapUpdate(hash.map.id, u32(1), u32(5), 1)).toBe(0)
    expect(host.mapUpdate(hash.map.id, u32(1), u32(5), 1)).toBe(-17)
    expect(host.mapUpdate(hash.map.id, u32(2), u32(5))).toBe(-7)
    expect(host.mapDelete(hash.map.id, u32(2))).toBe(-2)
  })

  it('B12 leaves other kinds of maps to the host', () => {
    const host = machine()
    for (const type of ['lru_hash', 'percpu_array', 'lpm_trie']) {
      const definition = {
        name: 'm',
        type,
        key_size: type === 'lpm_trie' ? 8 : 4,
        value_size: 4,
        max_entries: 4,
        map_flags: type === 'lpm_trie' ? 1 : 0,
      }
      expect(host.createMap(definition, 4)).toMatchObject({ ok: false, errno: 22 })
      expect(host.createMap(definition).ok).toBe(true)
    }
  })
})

describe('C. helpers and perf events', () => {
  it('C3 C4 updates and deletes from the program, with flags and errors', () => {
    const text = (call: string): string => `
.map m hash key 4 value 4 max 2
.prog xdp p
  r1 = 5
  *(u32 *)(r10 - 4) = r1
  r1 = 0
  *(u32 *)(r10 - 8) = r1
  r1 = m ll
  r2 = r10
  r2 += -4
${call}
  if r0 s< 0 goto failed
  r0 = 2
  exit
failed:
  r0 = 1
  exit
`
    const update = (flags: number): string =>
      text(`  r3 = r10\n  r3 += -8\n  r4 = ${flags}\n  call bpf_map_update_elem`)
    const host = machine()
    const verdict = (source: string, key: boolean): string => {
      const { program: made, maps } = loaded(host.load(program(source), { offload: true }))
      if (key) host.mapUpdate(maps[0]!.id, u32(5), u32(0))
      host.attach(made.id, 4, 'offload')
      const { outcome } = send(host, [udp()])[0]!.record
      host.unload(made.id)
      return outcome
    }
    expect([
      verdict(update(0), false),
      verdict(update(1), false),
      verdict(update(1), true),
      verdict(update(2), false),
      verdict(update(2), true),
    ]).toEqual(['pass', 'pass', 'drop', 'drop', 'pass'])
    expect([
      verdict(text('  call bpf_map_delete_elem'), true),
      verdict(text('  call bpf_map_delete_elem'), false),
    ]).toEqual(['pass', 'drop'])
  })

  it('C6 C9 C10 C11 sends events to readers, and counts those without', () => {
    const text = `
.license GPL
.map events perf_event_array key 4 value 4 max 4
.prog xdp p
  r6 = r1
  r2 = 7
  *(u32 *)(r10 - 4) = r2
  r2 = events ll
  r3 = 0x20ffffffff ll
  r4 = r10
  r4 += -4
  r5 = 4
  call bpf_perf_event_output
  r0 = 2
  exit
`
    const host = machine()
    const { program: made, maps } = loaded(host.load(program(text), { offload: true }))
    expect(maps[0]!.table).toBeUndefined()
    host.attach(made.id, 4, 'offload')
    send(host, [udp()])
    expect(host.eventsLost()).toBe(1)
    host.openEvents(maps[0]!.id)
    const frame = udp(53, '10.0.0.3', 100)
    send(host, [frame, frame])
    const events = host.events()
    expect(events.length).toBe(2)
    expect(formatHex(events[0]!.data)).toBe('07000000')
    expect(formatHex(events[0]!.packet)).toBe(formatHex(frame.subarray(0, 32)))
  })

  it('C7 grows and shrinks the front of the packet', () => {
    const text = (delta: number): string => `
.prog xdp p
  r2 = ${delta}
  call bpf_xdp_adjust_head
  r0 = 2
  exit
`
    const frame = udp()
    for (const delta of [-16, 14]) {
      const host = machine()
      host.attach(loaded(host.load(program(text(delta)), { offload: true })).program.id, 4, 'offload')
      const [packet] = send(host, [frame])
      expect(packet!.record.data.length).toBe(frame.length - delta)
      if (delta > 0) expect(formatHex(packet!.record.data)).toBe(formatHex(frame.subarray(delta)))
    }
  })

  it('C8 truncates the packet, and refuses to grow it', () => {
    const text = (delta: number): string =>
      `.prog xdp p\n  r2 = ${delta}\n  call bpf_xdp_adjust_tail\n  if r0 != 0 goto bad\n  r0 = 2\n  exit\nbad:\n  r0 = 1\n  exit\n`
    const host = machine()
    host.attach(loaded(host.load(program(text(-20)), { offload: true })).program.id, 4, 'offload')
    expect(send(host, [udp()])[0]!.record.data.length).toBe(44)
    host.attach(loaded(host.load(program(text(20)), { offload: true })).program.id, 4, 'offload')
    expect(send(host, [udp()])[0]!.record.outcome).toBe('drop')
  })
})

describe('D. calls, F. queues, G. tools', () => {
  it('D1 calls subprograms on the card', () => {
    const text =
      '.prog xdp p\n  r1 = 40\n  call twice\n  r0 -= 78\n  exit\n.func twice\n  r0 = r1\n  r0 += r1\n  exit\n'
    const host = machine()
    host.attach(loaded(host.load(program(text), { offload: true })).program.id, 4, 'offload')
    expect(send(host, [udp()])[0]!.record.outcome).toBe('pass')
  })

  it('D5 jumps to other programs on the host, not on the card', () => {
    const text =
      '.map m prog_array key 4 value 4 max 2\n.prog xdp p\n  r2 = m ll\n  r3 = 1\n  call bpf_tail_call\n  r0 = 2\n  exit\n'
    const host = machine()
    expect(host.load(program(text), { offload: true }).ok).toBe(false)
    const { program: made, maps } = loaded(host.load(program(text)))
    const target = loaded(host.load(program(DROP))).program
    host.attach(made.id, 4, 'driver')
    expect(send(host, [udp()])[0]!.host).toBe('stack')
    host.mapUpdate(maps[0]!.id, u32(1), u32(target.id))
    expect(send(host, [udp()])[0]!.host).toBe('dropped')
  })

  it('F1 F2 chooses the queue on the card; the kernel refuses the store', () => {
    const text = '.prog xdp p\n  r2 = 5\n  *(u32 *)(r1 + 16) = r2\n  r0 = 2\n  exit\n'
    const host = machine()
    expect(host.load(program(text))).toMatchObject({
      ok: false,
      errno: 13,
      error: 'invalid bpf_context access off=16 size=4',
    })
    host.attach(loaded(host.load(program(text), { offload: true })).program.id, 4, 'offload')
    expect(send(host, [udp(), udp(80)]).map((packet) => packet.record.queue)).toEqual([5, 5])
  })

  it('F3 spreads flows by hash and indirection table otherwise', () => {
    const host = machine()
    const frames = Array.from({ length: 64 }, (_, i) => udp(53, `10.0.1.${i}`))
    expect(new Set(send(host, frames).map((packet) => packet.record.queue)).size).toBeGreaterThan(4)
    expect(runCommand(host, 'ethtool -X nfp_p0 equal 1').code).toBe(0)
    expect(new Set(send(host, frames).map((packet) => packet.record.queue))).toEqual(new Set([0]))
  })

  it('G1 G4 G5 G9 shows offloaded objects in the tools, words included', () => {
    const host = machine()
    host.files.set('p.o', objectOf(program(count(2))))
    runCommand(host, 'ip link set dev nfp_p0 xdpoffload obj p.o sec xdp')
    expect(runCommand(host, 'ip link show nfp_p0 | grep prog/xdp').stdout).toMatch(
      / {4}prog\/xdp id 1 name count tag [0-9a-f]{16} jited \n/,
    )
    expect(runCommand(host, 'bpftool prog dump jited id 1 | head -1').stdout).toContain('.0  immed[gprB_22, 0x3fff]')
    send(host, [udp()])
    expect(runCommand(host, 'bpftool map dump name m | head -1').stdout).toBe(
      'key: 00 00 00 00  value: 01 00 00 00 00 00 00 00\n',
    )
    expect(runCommand(host, 'ethtool -S nfp_p0 | grep bpf_pass_pkts').stdout).toBe('     bpf_pass_pkts: 1\n')
    expect(dissect(host.netdevs[0]!.recent[0]!.data).summary).toContain('UDP')
  })
})
