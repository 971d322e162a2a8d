/** Rows G of the article's checklist: the tools. Their texts are held against the real ones in tools/. G7 and G8 lie with the demos. */
import { describe, expect, it } from 'vitest'
import { objectOf, runCommand } from '../index'
import type { Machine } from '../index'
import { countAll, hostOf, loaded, outcomes, program, send, udp, DROP } from '../testing/article-host'

function withProgram(): Machine {
  const host = hostOf()
  host.files.set('p.o', objectOf(program(countAll(2))))
  runCommand(host, 'ip link set dev nfp_p0 xdpoffload obj p.o sec xdp')
  return host
}
const out = (host: Machine, line: string): string => {
  const { stdout, stderr, code } = runCommand(host, line)
  expect([code, stderr], line).toEqual([0, ''])
  return stdout
}

describe('G. tooling', () => {
  it('G1 looks at and manages objects with bpftool', () => {
    const host = withProgram()
    expect(out(host, 'bpftool prog show | wc -l')).toBe('3\n')
    expect(out(host, 'bpftool map show')).toMatch(/array {2}name m {2}flags 0x0/)
    expect(out(host, 'bpftool net show')).toContain('nfp_p0(4) offload id 1')
    expect(out(host, 'bpftool feature probe')).toContain('bpf() syscall is available')
    expect(JSON.parse(out(host, 'bpftool -j prog show'))).toMatchObject([{ id: 1, type: 'xdp', name: 'count' }])
    out(host, 'bpftool map update id 1 key 1 0 0 0 value 9 0 0 0 0 0 0 0')
    expect(out(host, 'bpftool map lookup id 1 key 1 0 0 0')).toContain('value: 09 00 00 00')
    out(host, 'bpftool prog pin id 1 /sys/fs/bpf/p')
    expect(out(host, 'ls /sys/fs/bpf')).toBe('p\n')
    const wrong = runCommand(host, 'bpftool prog show id 99')
    expect(wrong).toMatchObject({ stdout: '', stderr: 'Error: get by id (99): No such file or directory\n' })
  })

  const table =
    '.struct entry { value u32; ifindex u32; mac u8[7] }\n.map table hash key u32 value entry max 4\n.prog xdp p\n  r1 = table ll\n  r0 = 2\n  exit\n'
  const bytes = '07 00 00 00 01 00 00 00 00 00 15 49 01 02 03 00'

  it('G2 dumps a map by its types: the article’s example', () => {
    const host = hostOf()
    host.files.set('t.o', objectOf(program(table)))
    out(host, 'bpftool prog load t.o /sys/fs/bpf/t')
    out(host, `bpftool map update name table key 1 0 0 0 value hex ${bytes}`)
    expect(JSON.parse(out(host, 'bpftool map dump name table'))).toEqual([
      { key: 1, value: { value: 7, ifindex: 1, mac: [0, 0, 21, 73, 1, 2, 3] } },
    ])
  })

  it('G3 dumps the same bytes as hex where there are no types', () => {
    const host = hostOf()
    out(host, 'bpftool map create /sys/fs/bpf/bare type hash key 4 value 16 entries 4 name bare')
    out(host, `bpftool map update name bare key 1 0 0 0 value hex ${bytes}`)
    expect(out(host, 'bpftool map dump name bare')).toBe(
      'key: 01 00 00 00  value: 07 00 00 00 01 00 00 00  00 00 15 49 01 02 03 00\nFound 1 element\n',
    )
  })

  it('G4 works with offloaded objects alike', () => {
    const host = withProgram()
    expect(out(host, 'bpftool prog show')).toContain('offloaded_to nfp_p0')
    expect(out(host, 'bpftool map show')).toContain('offloaded_to nfp_p0')
    send(host, [udp(), udp()])
    expect(out(host, 'bpftool map dump name m | head -1')).toBe('key: 00 00 00 00  value: 02 00 00 00 00 00 00 00\n')
    expect(out(host, 'ip link show nfp_p0 | grep prog/xdp')).toMatch(
      / {4}prog\/xdp id 1 name count tag [0-9a-f]{16} jited \n/,
    )
    expect(out(host, 'ethtool -S nfp_p0 | grep bpf_pass_pkts')).toBe('     bpf_pass_pkts: 2\n')
  })

  it('G5 prints the words of an offloaded program as the NFP disassembler does', () => {
    const host = withProgram()
    const lines = out(host, 'bpftool prog dump jited id 1').trimEnd().split('\n')
    const { words } = host.programs.get(1)!.image!
    expect(lines).toHaveLength(words.length / 2)
    expect(lines[0]).toContain('.0  immed[gprB_22, 0x3fff]')
    expect(lines.some((line) => line.includes('lookup') || line.includes('mem['))).toBe(true)
    expect(out(host, 'bpftool prog dump jited id 1 opcodes')).toMatch(
      /^[^\n]*immed\[gprB_22, 0x3fff\]\n\t[0-9a-f]{2}( [0-9a-f]{2}){7} *\n/,
    )
  })

  it('G6 says which version of bpftool it is', () => {
    const host = hostOf()
    expect(out(host, 'bpftool version')).toMatch(/^bpftool v\d+\.\d+\.\d+\n/)
    expect(JSON.parse(out(host, 'bpftool -j version'))).toHaveProperty('version')
  })

  it('G9 loads by ip and tc, and takes off by them', () => {
    const host = withProgram()
    host.files.set('d.o', objectOf(program(DROP)))
    host.files.set('c.o', objectOf(program('.prog sched_cls c\nr0 = 2\nexit\n')))
    expect(runCommand(host, 'ip -force link set dev nfp_p0 xdpoffload obj d.o sec xdp').code).toBe(0)
    expect(outcomes(send(host, [udp()]))).toEqual(['drop'])
    out(host, 'ip link set dev nfp_p0 xdpoffload off')
    out(host, 'tc qdisc add dev nfp_p0 clsact')
    out(host, 'ethtool -K nfp_p0 hw-tc-offload on')
    out(host, 'tc filter add dev nfp_p0 ingress bpf da skip_sw obj c.o')
    expect(out(host, 'tc filter show dev nfp_p0 ingress')).toMatch(/direct-action skip_sw in_hw/)
    expect(outcomes(send(host, [udp()]))).toEqual(['drop'])
    out(host, 'tc filter del dev nfp_p0 ingress')
    expect(outcomes(send(host, [udp()]))).toEqual(['pass'])
    expect(host.programs.list()).toEqual([])
    expect(loaded(host.load(program(DROP))).program.name).toBe('drop')
  })
})
