/** Rows of the article's checklist that need the demos: G7 (getting started, old and new firmware) and G8 (demonstrations). */
import { assemble, exportElf } from '@offload/bpf'
import { DEMOS } from '@offload/content'
import { createMachine, readObjectFile, runCommand, xdpdumpText } from '@offload/host'
import type { Machine } from '@offload/host'
import { DEVICES, FIRMWARE_BEHAVIOURS, createChip } from '@offload/nfp-chip'
import { FIRMWARE_PROFILES } from '@offload/nfp-jit'
import { sampleFrame } from '@offload/packet'
import { compile, createPlayback, defaultDocument } from '@offload/session'
import { describe, expect, it } from 'vitest'
import { COMMANDS } from './commands'
import { BadUse } from './commands/input'

function host(firmware: 'open' | 'shipping'): Machine {
  const machine = createMachine({
    chip: createChip({
      device: DEVICES['cx-2x25']!,
      firmware: FIRMWARE_BEHAVIOURS[firmware]!,
      seed: 1,
      timeModel: 'functional',
      queues: 8,
    }),
    firmware: FIRMWARE_PROFILES[firmware],
  })
  for (const { id, source } of DEMOS) {
    const assembled = assemble(source)
    if (!assembled.ok) throw new Error(`${id}: ${assembled.diagnostics[0]?.message}`)
    const elf = exportElf(assembled.program, { source, sourceName: `${id}.bpf` })
    if (!elf.ok) throw new Error(elf.error)
    machine.files.set(`${id}.o`, readObjectFile(elf.object, `${id}.o`)!)
  }
  return machine
}

describe('the article’s checklist, with the demos', () => {
  it('G7 walks through the steps of a getting started guide, on the product’s firmware and on the public one', () => {
    const machine = host('shipping')
    const run = (line: string): string => {
      const { stdout, stderr, code } = runCommand(machine, line)
      expect([code, stderr], line).toEqual([0, ''])
      return stdout
    }
    expect(run('ethtool -i nfp_p0')).toMatch(/^driver: nfp\n[^]*firmware-version: /)
    expect(run('ip link set dev nfp_p0 xdpoffload obj flood.o sec xdp')).toBe('')
    expect(run('ip link show nfp_p0')).toContain('xdpoffload')
    expect(run('bpftool prog show')).toContain('offloaded_to nfp_p0')
    expect(run('bpftool map show')).toContain('offloaded_to nfp_p0')
    expect(run('bpftool net')).toContain('offload id')
    expect(run('bpftool prog dump jited id 1 | head -3').split('\n')).toHaveLength(4)
    machine.offer([{ time: 1000, port: 0, data: sampleFrame() }])
    machine.run(Number.MAX_SAFE_INTEGER, { untilIdle: true })
    expect(run('ethtool -S nfp_p0 | grep bpf_')).toMatch(/bpf_(pass|app1|app2)_pkts: \d/)
    expect(run('bpftool map dump id 1 | head -1')).not.toBe('')
    run('ip link set dev nfp_p0 xdpoffload off')
    expect(run('bpftool prog show')).toBe('')
    // The firmware of the public sources has no perf events: the sampler does not load there.
    expect(runCommand(machine, 'ip link set dev nfp_p0 xdpoffload obj sampler.o sec xdp').code).toBe(0)
    const refused = runCommand(host('open'), 'ip link set dev nfp_p0 xdpoffload obj sampler.o sec xdp')
    expect(refused.code).not.toBe(0)
    expect(refused.stderr).toContain('[nfp] event_output: not supported by FW')
  })

  it('G8 has the article’s demonstrations: load balancer, programmable RSS, packet dump', () => {
    for (const id of ['l4lb', 'rss', 'xdpdump']) {
      const demo = DEMOS.find((one) => one.id === id)!
      const document = { ...defaultDocument(), ...demo.session, source: demo.source }
      const made = createPlayback(document, compile(document, { logLevel: 0 }))
      if (!made.ok) throw new Error(`${id}: ${made.error}`)
      expect(made.playback.runPackets(200), id).toBe(200)
      const { counters, events, packets } = made.playback.read()
      expect(counters.aborted + counters.lost, id).toBe(0)
      if (id === 'l4lb') expect(packets.filter(({ outcome }) => outcome === 'tx').length).toBeGreaterThan(50)
      if (id === 'rss') expect(counters.queues.filter((count) => count > 0).length).toBeGreaterThan(0)
      if (id !== 'xdpdump') continue
      expect(events.length).toBeGreaterThan(10)
      const line = xdpdumpText({ time: 0, cpu: 0, mapId: 1, data: events[0]!.data, packet: events[0]!.packet }, true)
      expect(line).toMatch(/^0\.000000 IP6? \S+:\d+ > \S+:\d+ \S*.*, length \d+\n\t[0-9a-f]{4} /)
    }
  })

  it('G1 answers the tools’ lines on the command line, too', async () => {
    const tool = COMMANDS.find(({ name }) => name === 'tool')!
    const shown = await tool.run(['bpftool', 'prog', 'show'], {})
    expect(shown.text).toMatch(/^1: xdp {2}name flood {2}tag [0-9a-f]{16} {2}offloaded_to nfp_p0/)
    const counted = await tool.run(['ethtool -S nfp_p0 | grep dev_rx_pkts'], { packets: '100', file: 'demo:rss' })
    expect(counted.text).toBe('     dev_rx_pkts: 100\n')
    const wrong = await tool.run(['bpftool prog show id 77'], {})
    expect(wrong).toMatchObject({ failed: true, text: 'Error: get by id (77): No such file or directory\n' })
    await expect(async () => tool.run([], {})).rejects.toThrow(BadUse)
  })
})
