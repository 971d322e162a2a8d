/**
 * Mixed work on one machine for as long as wanted: traffic of all kinds through a program on the card and one in the
 * driver, map operations of the host, attaching and detaching, events read and lost. At the end nothing may be left, and
 * every event must have been read or counted as lost. For the soak campaign and its small test.
 */
import { assemble } from '@offload/bpf'
import type { Program } from '@offload/bpf'
import { createTraffic, createRandom, trafficPreset } from '@offload/packet'
import type { FrameSource } from '@offload/packet'
import type { Machine } from '../machine/machine'
import type { HostPacket } from '../machine/host-path'
import { objectOf } from '../machine/object-file'
import { runCommand } from '../tools/run-command'
import { hostOf } from './article-host'

/** Counts by the packet's length, sends one packet in eight as an event, drops what the host's hash names. */
const CARD = `
.license GPL
.map counts array key 4 value 8 max 16
.map blocked hash key 4 value 4 max 64
.map events perf_event_array key 4 value 4 max 4
.prog xdp card
  r6 = r1
  r7 = *(u32 *)(r1 + 0)
  r8 = *(u32 *)(r1 + 4)
  r2 = r7
  r2 += 34
  if r2 > r8 goto pass
  r1 = *(u8 *)(r7 + 29)
  r1 &= 15
  *(u32 *)(r10 - 4) = r1
  r1 = counts ll
  r2 = r10
  r2 += -4
  call bpf_map_lookup_elem
  if r0 == 0 goto blocked_check
  r1 = 1
  lock *(u64 *)(r0 + 0) += r1
blocked_check:
  r1 = *(u32 *)(r7 + 26)
  *(u32 *)(r10 - 4) = r1
  r1 = blocked ll
  r2 = r10
  r2 += -4
  call bpf_map_lookup_elem
  if r0 != 0 goto drop
  call bpf_get_prandom_u32
  r0 &= 7
  if r0 != 0 goto pass
  r1 = r6
  r2 = events ll
  r3 = 0x20ffffffff ll
  r4 = r10
  r4 += -4
  r5 = 4
  call bpf_perf_event_output
pass:
  r0 = 2
  exit
drop:
  r0 = 1
  exit
`
const DRIVER = `
.map seen percpu_array key 4 value 8 max 1
.prog xdp driver
  r1 = 0
  *(u32 *)(r10 - 4) = r1
  r1 = seen ll
  r2 = r10
  r2 += -4
  call bpf_map_lookup_elem
  if r0 == 0 goto out
  r1 = *(u64 *)(r0 + 0)
  r1 += 1
  *(u64 *)(r0 + 0) = r1
out:
  r0 = 2
  exit
`
const CLASSIFIER = '.prog tc classifier\n  r0 = 0\n  exit\n'

function programOf(text: string): Program {
  const result = assemble(text)
  if (!result.ok) throw new Error(JSON.stringify(result.diagnostics[0]))
  return result.program
}

export interface SoakReport {
  readonly rounds: number
  readonly packets: number
  readonly outcomes: Readonly<Record<string, number>>
  readonly mapOperations: number
  readonly attachments: number
  /** Events that the card sent, that were read, and that were lost. */
  readonly events: { readonly sent: number; readonly read: number; readonly lost: number }
}

export class Soak {
  readonly machine: Machine = hostOf({ timeModel: 'functional' })
  private readonly random = createRandom(2018)
  private readonly sources: readonly FrameSource[] = ['imix', 'web', 'dns', 'ipip', 'syn-flood'].map((name) =>
    createTraffic(trafficPreset(name)!.spec),
  )
  private rounds = 0
  private packets = 0
  private readonly outcomes: Record<string, number> = {}
  private mapOperations = 0
  private attachments = 0
  private readEvents = 0
  private readonly card
  private readonly driver

  constructor() {
    const { machine } = this
    const card = machine.load(programOf(CARD), { offload: true })
    const driver = machine.load(programOf(DRIVER))
    if (!card.ok || !driver.ok) throw new Error('the programs of the soak do not load')
    machine.files.set('c.o', objectOf(programOf(CLASSIFIER)))
    machine.files.set('d.o', objectOf(programOf(DRIVER)))
    machine.openEvents(card.maps[2]!.id, { pages: 2 })
    this.card = card
    this.driver = driver
  }

  /** One round: 40 packets, 20 map operations, four attachments and their ends, a command line. */
  round(): void {
    const { machine, random } = this
    const [p0, p1] = machine.netdevs
    this.rounds++
    this.attach(this.card.program.id, p0!.ifindex, 'offload')
    if (this.rounds % 2 === 0) this.attach(this.card.program.id, p1!.ifindex, 'offload')
    this.attach(this.driver.program.id, p0!.ifindex, 'driver')
    this.operateMaps()
    const source = this.sources[this.rounds % this.sources.length]!
    const start = machine.device.now + 1000
    machine.offer(
      Array.from({ length: 40 }, (_, i) => ({ time: start + i * 100, port: i & 1, data: source.next()!.data })),
    )
    for (const packet of machine.run(Number.MAX_SAFE_INTEGER, { untilIdle: true })) this.count(packet)
    // A reader that is not always in time.
    if (random.below(3) > 0) this.readEvents += machine.events().length
    const line = [
      'tc qdisc add dev nfp_p1 clsact && tc filter add dev nfp_p1 ingress bpf da obj c.o && tc qdisc del dev nfp_p1 clsact',
      'bpftool prog load d.o /sys/fs/bpf/soak && rm /sys/fs/bpf/soak',
      'bpftool -p map dump name counts',
      'ip link show; ethtool -S nfp_p0',
    ][this.rounds % 4]!
    const { code, stderr } = runCommand(machine, line)
    if (code !== 0) throw new Error(`${line}: ${stderr}`)
    for (const [netdev, mode] of [
      [p0, 'offload'],
      [p1, 'offload'],
      [p0, 'driver'],
    ] as const)
      machine.detach(netdev!.ifindex, mode)
  }

  private attach(program: number, ifindex: number, mode: 'offload' | 'driver'): void {
    const { errno, message } = this.machine.attach(program, ifindex, mode)
    if (errno) throw new Error(message ?? `attach: errno ${-errno}`)
    this.attachments++
  }

  private count({ record }: HostPacket): void {
    this.packets++
    this.outcomes[record.outcome] = (this.outcomes[record.outcome] ?? 0) + 1
  }

  private operateMaps(): void {
    const { machine, random } = this
    const blocked = this.card.maps[1]!.id
    for (let i = 0; i < 20; i++) {
      const key = Uint8Array.of(10, random.below(4), random.below(4), random.below(4))
      const kind = random.below(4)
      if (kind === 0) machine.mapUpdate(blocked, key, Uint8Array.of(1, 0, 0, 0))
      else if (kind === 1) machine.mapDelete(blocked, key)
      else if (kind === 2) machine.mapLookup(this.card.maps[0]!.id, Uint8Array.of(random.below(16), 0, 0, 0))
      else machine.mapNextKey(blocked, key)
      this.mapOperations++
    }
  }

  /** Lets everything go. Throws where something is left or an event is unaccounted for. */
  end(): SoakReport {
    const { machine } = this
    this.readEvents += machine.events().length
    const sent = machine.chip.counters().eventsSent
    const lost = machine.eventsLost() + machine.chip.counters().eventsLost
    if (this.readEvents + machine.eventsLost() !== sent)
      throw new Error(`${sent} events sent, ${this.readEvents} read, ${machine.eventsLost()} lost`)
    for (const { program, maps } of [this.card, this.driver]) {
      machine.close('program', program.id)
      for (const map of maps) machine.close('map', map.id)
    }
    const left = [...machine.leaks(), ...machine.btfs.list().map(({ id }) => `btf ${id}`)]
    if (left.length > 0) throw new Error(`left at the end: ${left.join('; ')}`)
    const { maps, elements } = machine.device.accounting
    if (maps !== 0 || elements !== 0) throw new Error(`the driver still counts ${maps} maps and ${elements} elements`)
    const { alloc, free } = machine.device.messages
    if (alloc !== free) throw new Error(`${alloc} maps made on the card, ${free} freed`)
    return {
      rounds: this.rounds,
      packets: this.packets,
      outcomes: this.outcomes,
      mapOperations: this.mapOperations,
      attachments: this.attachments,
      events: { sent, read: this.readEvents, lost },
    }
  }
}
