/** Rows H of the article's checklist: what was to come. H4 and H7's picture are the page's. */
import { HELPERS, INSN_FORMS, MAP_TYPE_NAMES, describeHelper, exportElf } from '@offload/bpf'
import { describe, expect, it } from 'vitest'
import { objectOf, readObjectFile, runCommand } from '../index'
import { DROP, REACH, hostOf, loaded, offload, outcomes, program, send, u32, udp } from '../testing/article-host'

const STEER =
  '.map sockets xskmap key 4 value 4 max 8\n.prog xdp steer\n  r2 = *(u32 *)(r1 + 16)\n  r1 = sockets ll\n  r3 = 2\n  call bpf_redirect_map\n  exit\n'
const TO_QUEUE_3 = '.prog xdp p\n  r2 = 3\n  *(u32 *)(r1 + 16) = r2\n  r0 = 2\n  exit\n'

describe('H. more to come', () => {
  it('H1 knows the types and lines of offloaded programs', () => {
    const source =
      '.struct seen { packets u64 }\n.map counts array key u32 value seen max 4\n.prog xdp p\n  r1 = counts ll\n  r0 = 2\n  exit\n'
    const elf = exportElf(program(source), { source, sourceName: 'p.bpf' })
    if (!elf.ok) throw new Error(elf.error)
    const object = readObjectFile(elf.object)!
    const [entry] = object.programs
    const host = hostOf()
    const { program: made, maps } = loaded(host.load(entry!.program, { offload: true }))
    // Which line each word comes from, by `.BTF.ext` of the object.
    const lineOf = (insn: number): string | undefined =>
      entry!.source!.findLast((note) => note.insn <= insn)?.text.trim()
    const lines = made.image!.origins.map(({ insn }) => (insn < 0 ? undefined : lineOf(insn)))
    expect([...new Set(lines)].filter((line) => line !== undefined)).toEqual(['r1 = counts ll', 'r0 = 2', 'exit'])
    // Names and types of an offloaded map's value.
    expect(maps[0]!.table).toBeDefined()
    expect(maps[0]!.definition.value).toMatchObject({ name: 'seen' })
  })

  it('H2 brings the packets of a queue that the card chose to an AF_XDP socket', () => {
    const host = hostOf()
    offload(host, TO_QUEUE_3)
    const { program: steer, maps } = loaded(host.load(program(STEER)))
    host.attach(steer.id, 4, 'driver')
    const made = host.openXsk(4, 3, { chunks: 8, chunkSize: 2048, ringSize: 8 })
    if (!made.ok) throw new Error(`errno ${made.errno}`)
    const { socket } = made
    expect(host.mapUpdate(maps[0]!.id, u32(3), u32(socket.id))).toBe(0)
    expect(send(host, [udp(1), udp(2), udp(3)]).map((packet) => packet.host)).toEqual(Array(3).fill('redirected'))
    expect([socket.rx.used, socket.fill.used]).toEqual([3, 5])
    expect(socket.receive().map((data) => data.length)).toEqual([64, 64, 64])
    expect([socket.rx.used, socket.fill.used]).toEqual([0, 8])
  })

  it('H3 has the later commands of bpftool: feature probe, prog run, net', () => {
    const host = hostOf()
    host.files.set('d.o', objectOf(program(DROP)))
    runCommand(host, 'bpftool prog load d.o /sys/fs/bpf/d')
    expect(runCommand(host, `bpftool prog run name drop data_in ${'00'.repeat(64)} repeat 5`).stdout).toMatch(
      /^Return value: 1, duration \(average\): \d+ns\n$/,
    )
    expect(runCommand(host, 'bpftool feature probe dev nfp_p0').stdout).toContain('eBPF map_type hash is available')
    expect(runCommand(host, 'bpftool net').stdout).toContain('xdp:')
  })

  it('H4 has a reference made from its tables', () => {
    const texts = HELPERS.map((helper) => describeHelper(helper))
    expect(texts.every((text, i) => text.includes(HELPERS[i]!.name))).toBe(true)
    expect(INSN_FORMS.length).toBeGreaterThan(100)
    expect(MAP_TYPE_NAMES.length).toBeGreaterThan(20)
  })

  it('H5 reports what a loader forgot to close', () => {
    const host = hostOf()
    const { program: made, maps } = loaded(host.load(program(STEER)))
    expect(host.leaks()).toEqual([
      `program ${made.id} steer: 1 open descriptors, 0 pins, 0 users`,
      `map ${maps[0]!.id} sockets: 1 open descriptors, 0 pins, 1 users`,
    ])
    host.close('program', made.id)
    expect(host.leaks()).toHaveLength(1)
    host.close('map', maps[0]!.id)
    expect(host.leaks()).toEqual([])
  })

  it('H6 takes 32-bit arithmetic and jumps, and fewer words for it', () => {
    const text = (wide: boolean): string => {
      const r = wide ? 'r' : 'w'
      const clear = (register: number): string => (wide ? `  r${register} <<= 32\n  r${register} >>= 32\n` : '')
      return `.prog xdp p\n${REACH(50)}  r1 = *(u32 *)(r7 + 42)\n  r2 = *(u32 *)(r7 + 46)\n  ${r}1 += ${r}2\n${clear(1)}  ${r}1 ^= 0x55\n  ${r}1 -= ${r}2\n${clear(1)}  if ${r}1 == 9 goto pass\n  *(u32 *)(r7 + 42) = r1\npass:\n  r0 = 2\n  exit\n`
    }
    const run = (wide: boolean) => {
      const host = hostOf()
      offload(host, text(wide))
      return send(host, [udp(7, '10.1.2.3')])[0]!.record
    }
    const [narrow, wide] = [run(false), run(true)]
    expect(narrow.data).toEqual(wide.data)
    expect(narrow.words).toBeLessThan(wide.words)
  })

  it('H7 takes bounded loops with today’s verifier, and none with that of 4.20', () => {
    const loop = program('.prog xdp p\n  r1 = 4\nagain:\n  r1 -= 1\n  if r1 != 0 goto again\n  r0 = 2\n  exit\n')
    expect(hostOf().load(loop).ok).toBe(true)
    const old = hostOf({ kernel: '4.20' }).load(loop)
    expect(old).toMatchObject({ ok: false, errno: 22 })
    if (!old.ok) expect(old.error).toMatch(/^back-edge from insn \d+ to \d+$/)
  })

  it('H9 runs direct-action classifiers with their return codes, on card and host', () => {
    const classifier = (code: number): string => `.prog sched_cls c\nr0 = ${code}\nexit\n`
    const outcome = (code: number, offloaded: boolean): string => {
      const host = hostOf()
      const { program: made } = loaded(host.load(program(classifier(code)), { offload: offloaded }))
      const netdev = host.netdevs[0]!
      netdev.clsact = true
      netdev.tcOffload = true
      const common = { direction: 'ingress', programId: made.id, label: 'c', directAction: true } as const
      expect(host.addFilter(4, { ...common, skipSw: offloaded, skipHw: !offloaded }).errno).toBe(0)
      const [packet] = send(host, [udp()])
      return offloaded ? outcomes([packet!])[0]! : packet!.host!
    }
    // The driver takes UNSPEC, SHOT, STOLEN and QUEUED; the host all of them.
    expect([-1, 2, 4, 5].map((code) => outcome(code, true))).toEqual(['pass', 'drop', 'drop', 'drop'])
    expect(hostOf().load(program(classifier(0)), { offload: true })).toMatchObject({
      ok: false,
      error: '[nfp] unsupported exit state: 1, imm: 0',
    })
    expect([0, 2, 4, 5].map((code) => outcome(code, false))).toEqual([
      'stack',
      'tc-dropped',
      'tc-dropped',
      'tc-dropped',
    ])
  })
})
