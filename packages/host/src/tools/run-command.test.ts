import { assemble } from '@offload/bpf'
import { FIRMWARE_PROFILES } from '@offload/nfp-jit'
import { sampleFrame } from '@offload/packet'
import { describe, expect, it } from 'vitest'
import { createMachine } from '../machine/machine'
import type { Machine } from '../machine/machine'
import { objectOf } from '../machine/object-file'
import { randomLines, wrongAnswer } from '../testing/random-lines'
import { TableChip } from '../testing/table-chip'
import { completeCommand } from './complete'
import { runCommand } from './run-command'

const SOURCES: Readonly<Record<string, string>> = {
  'count.o': `
.license GPL
.struct val { pkts u64; ifindex u32; mac mac; pad u16 }
.map stats array key u32 value val max 2
.prog xdp xdp_count
  r1 = 0
  *(u32 *)(r10 - 4) = r1
  r2 = r10
  r2 += -4
  r1 = stats ll
  call bpf_map_lookup_elem
  if r0 == 0 goto out
  r1 = 1
  lock *(u64 *)(r0 + 0) += r1
out:
  r0 = 2
  exit
`,
  'pass.o': '.prog xdp pass\nr0 = 2\nexit\n',
  'bad.o': '.prog xdp bad\nr1 = *(u32 *)(r1 + 0)\nr0 = *(u8 *)(r1 + 20)\nexit\n',
  'cls.o': '.prog sched_cls cls_main\nr0 = 2\nexit\n',
}

function machine(chip = new TableChip()): Machine {
  const made = createMachine({ chip, firmware: FIRMWARE_PROFILES.shipping })
  for (const [name, source] of Object.entries(SOURCES)) {
    const result = assemble(source)
    if (!result.ok) throw new Error(JSON.stringify(result.diagnostics))
    made.files.set(name, objectOf(result.program))
  }
  return made
}

/** Runs lines and gives what all of them printed, errors marked. */
function transcript(host: Machine, ...lines: string[]): string {
  return lines
    .map((line) => {
      const { stdout, stderr, code } = runCommand(host, line)
      return `$ ${line}\n${stdout}${stderr.replace(/^(?=.)/gm, '! ')}${code ? `[${code}]\n` : ''}`
    })
    .join('')
}

describe('bpftool', () => {
  it('shows programs and maps of the card', () => {
    const host = machine()
    expect(
      transcript(
        host,
        'bpftool prog load count.o /sys/fs/bpf/c dev nfp_p0',
        'bpftool prog',
        'bpftool -f map show id 1',
        'bpftool -j map',
      ),
    ).toBe(`$ bpftool prog load count.o /sys/fs/bpf/c dev nfp_p0
$ bpftool prog
1: xdp  name xdp_count  tag ${host.programs.get(1)!.tag}  offloaded_to nfp_p0  gpl
\tloaded_at 2018-11-07T00:00:00+0000  uid 0
\txlated 96B  jited ${host.programs.get(1)!.image!.words.length * 4}B  memlock 4096B  map_ids 1
$ bpftool -f map show id 1
1: array  name stats  flags 0x0  offloaded_to nfp_p0
\tkey 4B  value 24B  max_entries 2  memlock 0B
$ bpftool -j map
[{"id":1,"type":"array","name":"stats","flags":0,"dev":{"ifindex":4,"ns_dev":4,"ns_inode":4026531992,"ifname":"nfp_p0"},"bytes_key":4,"bytes_value":24,"max_entries":2,"bytes_memlock":0,"frozen":0}]
`)
  })

  it('dumps typed maps of the host as JSON, maps of the card as hex', () => {
    const host = machine()
    runCommand(host, 'bpftool prog load count.o /sys/fs/bpf/h')
    runCommand(host, 'bpftool prog load count.o /sys/fs/bpf/c dev nfp_p0')
    const update = 'key 1 0 0 0 value hex 07 00 00 00 00 00 00 00 01 00 00 00 00 00 15 49 01 02 03 00 00 00 00 00'
    expect(transcript(host, `bpftool map update id 1 ${update}`)).not.toMatch(/!/)
    const dump = runCommand(host, 'bpftool map dump id 1').stdout
    expect(dump).toContain('[{\n        "key": 0,\n        "value": {\n            "pkts": 0,\n')
    expect(dump).toContain('            "mac": [0,0,21,73,1,2\n            ],\n')
    expect(JSON.parse(dump)[1].value.pkts).toBe(7)
    expect(JSON.parse(runCommand(host, 'bpftool -j map dump id 1').stdout)[0]).toMatchObject({
      key: ['0x00', '0x00', '0x00', '0x00'],
      formatted: { key: 0 },
    })
    expect(runCommand(host, 'bpftool map dump id 2').stdout).toBe(
      ['00', '01']
        .map(
          (n) =>
            `key:\n${n} 00 00 00\nvalue:\n00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00\n00 00 00 00 00 00 00 00\n`,
        )
        .join('') + 'Found 2 elements\n',
    )
  })

  it('prints the errors of element operations', () => {
    const host = machine()
    runCommand(host, 'bpftool map create /sys/fs/bpf/m type hash key 4 value 1 entries 1 name m')
    expect(
      transcript(
        host,
        'bpftool map lookup name m key 1 2 3 4',
        'bpftool map update name m key 1 2 3 4 value 9',
        'bpftool map update name m key 1 2 3 4 value 9 noexist',
        'bpftool map update name m key 2 2 3 4 value 9',
        'bpftool map update name m key 2 2 3 4 value zz',
        'bpftool map update name m key 2 2 3 4 value 9 exist',
        'bpftool map getnext name m',
        'bpftool map getnext name m key 1 2 3 4',
        'bpftool map delete name m key 7 7 7 7',
        'bpftool map dump pinned /sys/fs/bpf/m',
      ),
    ).toBe(`$ bpftool map lookup name m key 1 2 3 4
key:
01 02 03 04

Not found
[254]
$ bpftool map update name m key 1 2 3 4 value 9
$ bpftool map update name m key 1 2 3 4 value 9 noexist
! Error: update failed: File exists
[239]
$ bpftool map update name m key 2 2 3 4 value 9
! Error: update failed: Argument list too long
[249]
$ bpftool map update name m key 2 2 3 4 value zz
! Error: error parsing byte: zz
[255]
$ bpftool map update name m key 2 2 3 4 value 9 exist
! Error: update failed: No such file or directory
[254]
$ bpftool map getnext name m
key: None
next key:
01 02 03 04
$ bpftool map getnext name m key 1 2 3 4
! Error: can't get next key: No such file or directory
[254]
$ bpftool map delete name m key 7 7 7 7
! Error: delete failed: No such file or directory
[254]
$ bpftool map dump pinned /sys/fs/bpf/m
key: 01 02 03 04  value: 09
Found 1 element
`)
  })

  it('prints the verifier log of a refused load', () => {
    const { stderr, code } = runCommand(machine(), 'bpftool prog load bad.o /sys/fs/bpf/x')
    expect(code).toBe(255)
    expect(stderr.split('\n').slice(0, 2)).toEqual([
      "libbpf: prog 'bad': BPF program load failed: Permission denied",
      "libbpf: prog 'bad': -- BEGIN PROG LOAD LOG --",
    ])
    expect(stderr).toContain(
      'invalid access to packet, off=20 size=1, R1(id=0,off=20,r=0)\nR1 offset is outside of the packet\nprocessed 2 insns',
    )
    expect(stderr).toContain(
      "-- END PROG LOAD LOG --\nlibbpf: prog 'bad': failed to load: -13\nlibbpf: failed to load object 'bad.o'\nError: failed to load object file\nWarning:",
    )
  })

  it('takes abbreviations, dumps code, runs a program', () => {
    const host = machine()
    runCommand(host, 'bpftool prog load pass.o /sys/fs/bpf/p')
    expect(runCommand(host, 'bpftool p d x id 1').stdout).toBe('   0: (b7) r0 = 2\n   1: (95) exit\n')
    expect(runCommand(host, 'bpftool p d x id 1 opcodes').stdout).toBe(
      '   0: (b7) r0 = 2\n       b7 00 00 00 02 00 00 00\n   1: (95) exit\n       95 00 00 00 00 00 00 00\n',
    )
    expect(runCommand(host, `bpftool prog run id 1 data_in ${'00'.repeat(60)} repeat 5`).stdout).toBe(
      'Return value: 2, duration (average): 2ns\n',
    )
    runCommand(host, 'bpftool prog load pass.o /sys/fs/bpf/o dev nfp_p0')
    expect(runCommand(host, 'bpftool prog dump jited id 2 | head -1').stdout).toMatch(/^ {3}0:\t +\.0 {2}\w+\[/)
    expect(runCommand(host, 'bpftool prog run id 2 data_in 00 data_out -')).toMatchObject({
      stderr: 'Error: failed to run program: Unknown error 524\n',
    })
  })
})

describe('ip', () => {
  it('follows the way of a program: attach, refuse, show, take off', () => {
    const host = machine()
    const { tag } = (() => {
      runCommand(host, 'ip link set dev nfp_p0 xdpoffload obj pass.o sec xdp')
      return host.programs.get(1)!
    })()
    expect(
      transcript(
        host,
        'ip link show dev nfp_p0',
        'ip link set dev nfp_p0 xdpoffload obj pass.o sec xdp',
        'ip link set dev nfp_p0 xdpdrv obj pass.o sec xdp',
        'ip link set dev nfp_p0 xdpgeneric obj pass.o sec xdp',
        'bpftool net | head -2',
        'ip link set dev nfp_p0 xdpoffload off',
        'ip link set dev nfp_p0 xdp off',
        'ip link set dev nfp_p0 foo',
        'ip link set dev nosuch xdp off',
        'ip link set dev nfp_p0 xdp obj none.o',
        'bpftool prog',
      ),
    ).toBe(`$ ip link show dev nfp_p0
4: nfp_p0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 xdpoffload qdisc mq state UP mode DEFAULT group default qlen 1000
    link/ether 00:15:4d:13:00:10 brd ff:ff:ff:ff:ff:ff
    prog/xdp id 1 name pass tag ${tag} jited${' '}
$ ip link set dev nfp_p0 xdpoffload obj pass.o sec xdp
! Error: XDP program already attached.
[2]
$ ip link set dev nfp_p0 xdpdrv obj pass.o sec xdp
$ ip link set dev nfp_p0 xdpgeneric obj pass.o sec xdp
! Error: Native and generic XDP can't be active at the same time.
[2]
$ bpftool net | head -2
xdp:
nfp_p0(4) driver id 3 offload id 1
$ ip link set dev nfp_p0 xdpoffload off
$ ip link set dev nfp_p0 xdp off
$ ip link set dev nfp_p0 foo
! Error: either "dev" is duplicate, or "foo" is a garbage.
[255]
$ ip link set dev nosuch xdp off
! Cannot find device "nosuch"
[1]
$ ip link set dev nfp_p0 xdp obj none.o
! Cannot initialize ELF context!
[255]
$ bpftool prog
`)
    expect(host.leaks()).toEqual([])
  })
})

describe('ip -j -p', () => {
  it('is laid out as iproute2 does it', () => {
    const host = machine()
    runCommand(host, 'ip link set dev nfp_p0 xdpgeneric obj pass.o sec xdp')
    const { id, name, tag } = host.programs.list()[0]!
    const jited = host.programs.list()[0]!.fast?.translated ? 1 : 0
    expect(runCommand(host, 'ip -j -p link show nfp_p0').stdout).toBe(`[ {
        "ifindex": 4,
        "ifname": "nfp_p0",
        "flags": [ "BROADCAST","MULTICAST","UP","LOWER_UP" ],
        "mtu": 1500,
        "xdp": {
            "mode": 2,
            "prog": {
                "id": ${id},
                "name": "${name}",
                "tag": "${tag}",
                "jited": ${jited}
            },
            "attached": [ {
                    "mode": 2,
                    "prog": {
                        "id": ${id},
                        "name": "${name}",
                        "tag": "${tag}",
                        "jited": ${jited}
                    }
                } ]
        },
        "qdisc": "mq",
        "operstate": "UP",
        "linkmode": "DEFAULT",
        "group": "default",
        "txqlen": 1000,
        "link_type": "ether",
        "address": "00:15:4d:13:00:10",
        "broadcast": "ff:ff:ff:ff:ff:ff"
    } ]
`)
  })
})

describe('tc', () => {
  it('offloads a classifier, and says why it does not', () => {
    const host = machine()
    expect(
      transcript(
        host,
        'tc filter add dev nfp_p0 ingress bpf da skip_sw obj cls.o',
        'tc qdisc add dev nfp_p0 clsact',
        'tc qdisc add dev nfp_p0 clsact',
        'ethtool -K nfp_p0 hw-tc-offload on',
        'tc filter add dev nfp_p0 ingress protocol ip bpf da skip_sw obj cls.o',
        'tc filter add dev nfp_p0 ingress bpf skip_sw obj cls.o',
        'tc filter add dev nfp_p0 ingress bpf da skip_sw obj cls.o',
        'tc filter add dev nfp_p0 ingress bpf da obj cls.o',
        'ethtool -K nfp_p0 hw-tc-offload off',
      ).replace(/^\$.*\n/gm, ''),
    ).toBe(`! Error: Parent Qdisc doesn't exists.
! We have an error talking to the kernel
[2]
! Error: Exclusivity flag on, cannot modify.
[2]
! Error: nfp: only ETH_P_ALL supported as filter protocol.
! We have an error talking to the kernel
[2]
! Error: nfp: only direct action with no legacy actions supported.
! We have an error talking to the kernel
[2]
! Could not change any device features
[1]
`)
    const { tag } = host.programs.list()[0]!
    expect(runCommand(host, 'tc filter show dev nfp_p0 ingress').stdout).toContain(
      `handle 0x1 cls.o:[classifier] direct-action skip_sw in_hw id ${host.programs.list()[0]!.id} name cls_main tag ${tag} jited \n`,
    )
    expect(runCommand(host, 'tc filter del dev nfp_p0 ingress pref 1')).toMatchObject({ code: 2 })
    runCommand(host, 'tc qdisc del dev nfp_p0 clsact')
    expect(host.leaks()).toEqual([])
  })
})

describe('ethtool', () => {
  it('shows statistics, sets RSS and channels', () => {
    const chip = new TableChip()
    const host = machine(chip)
    chip.fate = (frame) => ({ outcome: frame.time === 0 ? 'drop' : 'pass', queue: 1 })
    host.offer([0, 1, 2].map((time) => ({ time, port: 0, data: sampleFrame(60) })))
    host.run(100)
    expect(runCommand(host, 'ethtool -S nfp_p0 | grep -E "dev_rx_(pkts|disc)|rxq_1_pkts|app1"').stdout).toBe(
      '     dev_rx_discards: 1\n     dev_rx_pkts: 3\n     bpf_app1_pkts: 1\n     bpf_app1_bytes: 60\n     rxq_1_pkts: 2\n',
    )
    runCommand(host, 'ethtool -X nfp_p0 weight 3 1')
    expect(Array.from(chip.indirection.get(0)!).filter((queue) => queue === 0).length).toBe(96)
    runCommand(host, 'ethtool -L nfp_p0 combined 2')
    expect(runCommand(host, 'ethtool -x nfp_p0 | head -2').stdout).toBe(
      'RX flow hash indirection table for nfp_p0 with 2 RX ring(s):\n    0:      0     1     0     1     0     1     0     1\n',
    )
    expect(runCommand(host, 'ethtool -L nfp_p0 combined 99')).toMatchObject({
      code: 1,
      stderr: 'netlink error: requested channel count exceeds maximum (offset 32)\nnetlink error: Invalid argument\n',
    })
    expect(runCommand(host, 'ethtool -i zz')).toMatchObject({
      code: 71,
      stderr: 'Cannot get driver information: No such device\n',
    })
  })
})

describe('the console', () => {
  it('knows pipes, lists and comments', () => {
    const host = machine()
    expect(runCommand(host, 'ls | sort -r | head -n 2 # names').stdout).toBe('pass.o\ncount.o\n')
    expect(runCommand(host, 'ls | grep -c o; nosuch && echo no; echo "a | b"')).toEqual({
      stdout: '4\na | b\n',
      stderr: 'bash: nosuch: command not found\n',
      code: 0,
    })
    expect(runCommand(host, 'ls | | wc').code).toBe(2)
    expect(runCommand(host, '')).toEqual({ stdout: '', stderr: '', code: 0 })
  })

  it('runs a batch file of bpftool, and stops where a command fails', () => {
    const host = machine()
    runCommand(host, 'bpftool prog load count.o /sys/fs/bpf/c')
    runCommand(host, "echo '# programs' > list; echo 'prog show' >> list; echo 'map show' >> list")
    const { stdout } = runCommand(host, 'bpftool batch file list')
    expect(stdout).toMatch(/^1: xdp {2}name xdp_count[^]*1: array {2}name stats[^]*processed 2 commands\n$/)
    expect(JSON.parse(runCommand(host, 'bpftool -j batch file list').stdout)).toMatchObject([
      { command: ['prog', 'show'], output: [{ id: 1 }] },
      { command: ['map', 'show'], output: [{ id: 1 }] },
    ])
    expect(runCommand(host, 'echo prog show id 99 | bpftool batch file -')).toEqual({
      stdout: '',
      stderr: 'Error: get by id (99): No such file or directory\n',
      code: 255,
    })
    expect(runCommand(host, 'bpftool batch file none').stderr).toBe(
      "Error: Can't open file (none): No such file or directory\n",
    )
    expect(runCommand(host, 'bpftool batch').stderr).toBe('Error: too few parameters for batch\n')
    expect(runCommand(host, 'cat list').stdout).toBe('# programs\nprog show\nmap show\n')
    expect(runCommand(host, 'rm list; cat list').stderr).toBe('cat: list: No such file or directory\n')
  })

  it('answers any line (seed 9)', () => {
    const host = machine()
    runCommand(host, 'bpftool prog load count.o /sys/fs/bpf/c dev nfp_p0')
    const next = randomLines(9)
    for (let round = 0; round < 5000; round++) {
      const line = next()
      expect(wrongAnswer(line, runCommand(host, line)), line).toBeUndefined()
      completeCommand(host, line)
    }
  })
})
