/** Rows A of the article's checklist: set-up and framework. A3 with clang, A8 and A18 on the page: see the other packages. */
import { readFileSync } from 'node:fs'
import { assemble } from '@offload/bpf'
import { DEVICES } from '@offload/nfp-chip'
import { FIRMWARE_PROFILES } from '@offload/nfp-jit'
import { createTraffic, lineRate, trafficPreset } from '@offload/packet'
import { describe, expect, it } from 'vitest'
import { objectOf, readObjectFile, runBoth, runCommand } from '../index'
import {
  BLOCK_LIST,
  DROP,
  PASS,
  chipOf,
  countAll,
  counter,
  drive,
  hostOf,
  loaded,
  offload,
  outcomes,
  program,
  send,
  u32,
  udp,
} from '../testing/article-host'

describe('A. set-up and framework', () => {
  it('A1 has the boards of the article, which differ in line rate, clock and ports', () => {
    const rates = ['cx-2x10', 'cx-2x25', 'cx-1x40'].map((name) => Math.round(lineRate(60, DEVICES[name]!.portGbps)))
    expect(rates).toEqual([14_880_952, 37_202_381, 59_523_810])
    expect(DEVICES['cx-1x40']!.ports).toBe(1)
    // The same packets, more than either takes: the slower clock needs more time for each.
    const time = (device: string): number => {
      const host = hostOf({ device, timeModel: 'exact' })
      offload(host, DROP)
      send(
        host,
        Array.from({ length: 500 }, () => udp()),
        0,
        1,
      )
      return host.device.now
    }
    expect(time('cx-2x10')).toBeGreaterThan(time('cx-2x25') * 1.2)
  })

  it('A2 means extended BPF: classic BPF is refused with the reason', () => {
    expect(assemble('.prog xdp p\nr9 = r1\nr0 = 1 ll\nr0 += r9\nr0 = 2\nexit\n').ok).toBe(true)
    const dump = assemble('4\n40 0 0 12\n21 0 1 2048\n6 0 0 262144\n6 0 0 0\n')
    expect(dump.ok).toBe(false)
    expect(dump.diagnostics[0]!.message).toContain('classic BPF')
  })

  it('A3 takes what clang made of C, with its lines', () => {
    const object = readObjectFile(readFileSync(new URL('../../../bpf/testdata/counter.o', import.meta.url)))!
    expect(object.programs.map(({ program: { name } }) => name)).toEqual(['count', 'count_more', 'classifier'])
    expect(object.programs[2]!.source!.some(({ text }) => text.includes('return account(2, skb->len)'))).toBe(true)
    const host = hostOf()
    host.files.set('counter.o', object)
    expect(runCommand(host, 'tc qdisc add dev nfp_p0 clsact').code).toBe(0)
    expect(runCommand(host, 'tc filter add dev nfp_p0 ingress bpf da obj counter.o sec tc').stderr).toBe('')
    expect(send(host, [udp()])[0]!.hostInstructions).toBeGreaterThan(5)
  })

  it('A4 logs each bpf() call with its attributes and errno', () => {
    const host = hostOf()
    host.load(program(countAll(2)), { offload: true })
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
    const host = hostOf()
    host.files.set('p.o', objectOf(program(DROP)))
    host.files.set('c.o', objectOf(program('.prog sched_cls c\nr0 = 2\nexit\n')))
    expect(runCommand(host, 'ip link set dev nfp_p0 xdpoffload obj p.o sec xdp').code).toBe(0)
    expect(outcomes(send(host, [udp()]))).toEqual(['drop'])
    for (const line of [
      'tc qdisc add dev nfp_p1 clsact',
      'ethtool -K nfp_p1 hw-tc-offload on',
      'tc filter add dev nfp_p1 ingress bpf da skip_sw obj c.o',
    ])
      expect(runCommand(host, line)).toEqual({ stdout: '', stderr: '', code: 0 })
    expect(outcomes(send(host, [udp()], 1))).toEqual(['drop'])
    expect(runCommand(host, 'ip link set dev nfp_p0 xdpoffload obj p.o sec xdp').stderr).toBe(
      'Error: XDP program already attached.\n',
    )
    expect(runCommand(host, 'ip link set dev eth9 xdpoffload off').stderr).toBe('Cannot find device "eth9"\n')
  })

  it('A6 takes an interface index when the program is for the card', () => {
    const host = hostOf()
    host.load(program(PASS), { offload: true, ifindex: 5 })
    const callbacks = host.device.steps.list().length
    expect(callbacks).toBeGreaterThan(0)
    host.load(program(PASS))
    expect(host.syscalls.list().map((call) => call.attributes['prog_ifindex'])).toEqual([5, undefined])
    // Without one the driver is not asked.
    expect(host.device.steps.list()).toHaveLength(callbacks)
  })

  it('A7 refuses what is not safe or does not end, with the kernel’s words, and counts its work', () => {
    const host = hostOf()
    expect(host.load(program('.prog xdp l\nagain:\ngoto again\nexit\n'))).toMatchObject({ ok: false, errno: 22 })
    expect(host.load(program('.prog xdp m\nr1 = *(u32 *)(r1 + 0)\nr0 = *(u8 *)(r1 + 0)\nexit\n'))).toMatchObject({
      ok: false,
      errno: 13,
      error: 'R1 offset is outside of the packet',
    })
    const { verify } = loaded(host.load(program(BLOCK_LIST)))
    expect(verify.processedInsns).toBeGreaterThan(15)
    expect(verify.totalStates).toBeGreaterThan(0)
    expect(verify.peakStates).toBeGreaterThan(0)
  })

  it('A8 translates: on the host as you like, for the card always', () => {
    const hosts = [hostOf(), hostOf({ interpretOnly: true })]
    const programs = hosts.map((host) => drive(host, countAll(1)))
    expect(programs.map(({ fast }) => fast !== undefined)).toEqual([true, false])
    expect(hosts.map((host) => send(host, [udp()])[0]!.host)).toEqual(['dropped', 'dropped'])
    const { program: made } = loaded(hosts[1]!.load(program(PASS), { offload: true }))
    expect(made.image!.words.length / 2).toBeGreaterThan(20)
    expect(runCommand(hosts[1]!, `bpftool prog show id ${made.id}`).stdout).toMatch(/jited \d+B/)
  })

  it('A9 keeps a program without an attachment, and lets it go with its last holder', () => {
    const host = hostOf()
    const { program: made, maps } = loaded(host.load(program(countAll(2)), { offload: true }))
    expect(runCommand(host, 'bpftool prog show').stdout).toMatch(
      new RegExp(
        `^${made.id}: xdp  name count  tag [0-9a-f]{16}  offloaded_to nfp_p0  gpl\n[^]*map_ids ${maps[0]!.id}\n`,
      ),
    )
    host.attach(made.id, 4, 'offload')
    host.detach(4, 'offload')
    expect(host.programs.get(made.id)?.refs).toEqual({ fds: 1, pins: 0, users: 0 })
    host.close('program', made.id)
    expect(host.programs.get(made.id)).toBeUndefined()
    expect(runCommand(host, 'bpftool prog show').stdout).toBe('')
  })

  it('A10 has hooks for sockets, TC and XDP; sockets cannot be offloaded', () => {
    const host = hostOf()
    const filter = program('.prog socket_filter s\nr0 = 100\nexit\n')
    expect(host.load(filter, { offload: true })).toMatchObject({ ok: false, errno: 22 })
    for (const type of ['xdp', 'sched_cls'])
      expect(host.load(program(`.prog ${type} p\nr0 = 2\nexit\n`), { offload: true }).ok).toBe(true)
    const { id } = loaded(host.load(filter)).program
    expect(host.attachSocket(id, 4)).toEqual({ errno: 0 })
    send(host, [udp()])
    expect(host.netdevs[0]!.sockets[0]).toMatchObject({ matched: 1, bytes: 64 })
  })

  it('A11 loads and attaches in one command, as two calls', () => {
    const host = hostOf()
    host.files.set('p.o', objectOf(program(PASS)))
    runCommand(host, 'ip link set dev nfp_p0 xdpoffload obj p.o sec xdp')
    expect(host.syscalls.list().map((call) => call.command)).toEqual(['BPF_PROG_LOAD', 'RTM_NEWLINK'])
  })

  it('A12 creates maps on the card by a control message, within its limits', () => {
    const host = hostOf()
    host.load(program(countAll(2)), { offload: true })
    expect(host.device.messages.alloc).toBe(1)
    expect(host.device.steps.list()[0]).toMatchObject({
      callback: 'map_alloc',
      detail: 'array, 4 entries of 4 + 8 bytes',
      errno: 0,
    })
    const large = '.map m hash key 4 value 4 max 4000000\n.prog xdp p\nr1 = m ll\nr0 = 2\nexit\n'
    expect(host.load(program(large), { offload: true })).toMatchObject({ ok: false, errno: 12 })
    expect(host.device.kernelLog.at(-1)).toBe(
      `NFP net bpf: map with too many elements: 4000000, left: ${3_072_000 - 4}`,
    )
    expect(host.device.steps.list().at(-1)).toMatchObject({ callback: 'map_alloc', errno: 12 })
    expect(host.device.messages.alloc).toBe(1)
  })

  it('A13 prepares the verification on the driver, which learns of the subprograms', () => {
    const host = hostOf()
    const text =
      '.prog xdp p\n  r1 = 1\n  call f\n  r0 = 2\n  exit\n.func f\n  *(u64 *)(r10 - 8) = r1\n  r0 = r1\n  exit\n'
    const { program: made } = loaded(host.load(program(text), { offload: true }))
    const steps = host.device.steps.list().map(({ callback, detail }) => `${callback}: ${detail}`)
    expect(steps[0]).toBe('verifier_prep: 7 instructions')
    expect(steps).toContain('finalize: stack of 2 functions')
    expect(made.image!.subprograms.map(({ bpf, stackDepth }) => [bpf, stackDepth])).toEqual([
      [0, 0],
      // Eight bytes, and four for the way back.
      [4, 12],
    ])
  })

  it('A14 has the driver check instructions beside the kernel', () => {
    const host = hostOf()
    const refused = host.load(program('.prog xdp p\nr0 = 7\nr0 %= 3\nexit\n'), { offload: true })
    expect(refused).toMatchObject({ ok: false, error: '[nfp] instruction 0x97 not supported', device: { insn: 1 } })
    if (refused.ok) return
    expect([...refused.device!.driverVerdicts!]).toEqual([1, 2, 0])
    expect(host.device.steps.list().find(({ callback }) => callback === 'verify_insn')).toMatchObject({
      detail: '2 instructions asked',
      errno: 22,
    })
    expect(host.load(program('.prog xdp p\nr0 = 7\nr0 %= 3\nexit\n')).ok).toBe(true)
  })

  it('A15 translates on the driver’s callback, and names what it cannot', () => {
    const host = hostOf()
    const { program: made } = loaded(host.load(program(countAll(2)), { offload: true }))
    const words = made.image!.words.length / 2
    expect(host.device.steps.list().at(-1)).toMatchObject({ callback: 'translate', detail: `${words} words` })
    expect(runCommand(host, `bpftool prog dump jited id ${made.id} | wc -l`).stdout).toBe(`${words}\n`)
    const long = `.prog xdp long\n${'r0 = 0x123456789abc ll\n'.repeat(8000)}r0 = 2\nexit\n`
    const refused = host.load(program(long), { offload: true })
    const error = 'Translation failed with error -28 (translated: 1865)'
    expect(refused).toMatchObject({ ok: false, errno: 22, device: { insn: 1865 } })
    const step = host.device.steps.list().find(({ errno }) => errno !== 0)
    expect([step!.callback, step!.detail.includes(error)]).toEqual(['translate', true])
  })

  it('A16 pushes relocated words to the card when the program is attached', () => {
    const host = hostOf()
    const { program: made } = loaded(host.load(program(DROP), { offload: true }))
    expect(outcomes(send(host, [udp()]))).toEqual(['pass'])
    expect(host.attach(made.id, 4, 'offload')).toEqual({ errno: 0 })
    expect(host.device.steps.list().at(-1)).toMatchObject({
      callback: 'load',
      detail: `program ${made.id} to port 0, ${made.image!.words.length / 2} words`,
    })
    expect(outcomes(send(host, [udp()]))).toEqual(['drop'])
    expect(runCommand(host, 'ip link show nfp_p0').stdout).toMatch(new RegExp(`xdpoffload [^]*prog/xdp id ${made.id} `))
  })

  it('A17 stops and frees all when the program goes', () => {
    const host = hostOf()
    const { program: made } = offload(host, countAll(1))
    expect(host.device.accounting).toEqual({ maps: 1, elements: 4 })
    host.unload(made.id)
    expect(outcomes(send(host, [udp()]))).toEqual(['pass'])
    expect(host.device.accounting).toEqual({ maps: 0, elements: 0 })
    expect(
      host.device.steps
        .list()
        .map(({ callback }) => callback)
        .slice(-3),
    ).toEqual(['stop', 'destroy', 'map_free'])
    expect(host.leaks()).toEqual([])
  })

  it('A19 shares a program between ports, and packets say where they came in', () => {
    const host = hostOf()
    const { program: made } = loaded(host.load(program(countAll(1)), { offload: true }))
    for (const ifindex of [4, 5]) expect(host.attach(made.id, ifindex, 'offload')).toEqual({ errno: 0 })
    expect(send(host, [udp()], 0)[0]!.record).toMatchObject({ port: 0, outcome: 'drop' })
    expect(send(host, [udp()], 1)[0]!.record).toMatchObject({ port: 1, outcome: 'drop' })
    expect(runCommand(host, 'bpftool net').stdout.match(new RegExp(`offload id ${made.id}`, 'g'))).toHaveLength(2)
  })

  it('A20 shares the maps between the ports, too', () => {
    const host = hostOf()
    const { program: made, maps } = loaded(host.load(program(countAll(1)), { offload: true }))
    for (const ifindex of [4, 5]) host.attach(made.id, ifindex, 'offload')
    send(host, [udp(), udp()], 0)
    send(host, [udp()], 1)
    expect(counter(host, maps[0]!.id)).toBe(3)
  })

  it('A21 runs a program on the card and another in the driver', () => {
    const host = hostOf()
    const { program: card } = offload(host, BLOCK_LIST)
    const driver = drive(host, countAll(2))
    host.mapUpdate(card.mapIds[0]!, Uint8Array.of(10, 0, 0, 9), u32(1))
    send(host, [udp(1, '10.0.0.1'), udp(1, '10.0.0.9'), udp(1, '10.0.0.2')])
    expect(counter(host, driver.mapIds[0]!)).toBe(2)
    expect(runCommand(host, 'bpftool net | grep p0').stdout).toBe(
      `nfp_p0(4) driver id ${driver.id} offload id ${card.id}\n`,
    )
  })

  it('A22 costs the host nothing for what the card drops', () => {
    const host = hostOf()
    drive(host, countAll(1))
    expect(send(host, [udp()])[0]!.hostInstructions).toBeGreaterThan(5)
    offload(host, DROP)
    expect(send(host, [udp(), udp()]).map((packet) => packet.hostInstructions)).toEqual([0, 0])
  })

  it('A23 takes more on the host than on the card', () => {
    const host = hostOf()
    const clock = program('.prog xdp p\ncall bpf_ktime_get_ns\nr0 = 1\nexit\n')
    expect(host.load(clock, { offload: true })).toMatchObject({
      ok: false,
      errno: 95,
      error: '[nfp] unsupported function id: 5',
    })
    host.attach(loaded(host.load(clock)).program.id, 4, 'driver')
    expect(send(host, [udp()])[0]!.host).toBe('dropped')
  })

  it('A24 gives the same on card and host: verdicts, bytes, maps', () => {
    const source = createTraffic(trafficPreset('web')!.spec)
    const packets = Array.from({ length: 150 }, () => source.next()!.data)
    for (const text of [countAll(3), BLOCK_LIST]) {
      const entries = text === BLOCK_LIST ? [{ map: 0, key: packets[0]!.slice(26, 30), value: u32(1) }] : []
      const firmware = FIRMWARE_PROFILES.shipping
      const result = runBoth({ chip: chipOf(), firmware, program: program(text), packets, entries })
      expect(result).toMatchObject({ ok: true, differences: [] })
    }
  })
})
