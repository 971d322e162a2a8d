import { assemble } from '@offload/bpf'
import { FIRMWARE_PROFILES } from '@offload/nfp-jit'
import { describe, expect, it } from 'vitest'
import { createMachine } from '../machine/machine'
import { objectOf } from '../machine/object-file'
import { TableChip } from '../testing/table-chip'
import { completeCommand } from './complete'
import { runCommand } from './run-command'

const host = createMachine({ chip: new TableChip(), firmware: FIRMWARE_PROFILES.shipping })
const assembled = assemble('.map stats array key 4 value 4 max 1\n.prog xdp pass\nr1 = stats ll\nr0 = 2\nexit\n')
if (!assembled.ok) throw new Error('test program')
host.files.set('pass.o', objectOf(assembled.program))
runCommand(host, 'bpftool prog load pass.o /sys/fs/bpf/pass')

describe('completion', () => {
  it.each([
    ['bpf', 0, ['bpftool']],
    ['bpftool p', 8, ['prog', 'perf']],
    ['bpftool prog du', 13, ['dump']],
    ['bpftool prog dump ', 18, ['xlated', 'jited']],
    ['bpftool prog dump xlated id ', 28, ['1']],
    ['bpftool map dump name s', 22, ['stats']],
    ['bpftool prog load ', 18, ['pass.o']],
    ['ip link set dev ', 16, ['nfp_p0', 'nfp_p1']],
    ['ip link set dev nfp_p0 xdpoffload ', 34, ['obj', 'pinned', 'off']],
    ['ip link set dev nfp_p0 xdpoffload obj pass.o sec ', 49, ['xdp']],
    ['ethtool -S nfp_p0 | gr', 20, ['grep']],
    ['sudo tc filter show dev nfp_p', 24, ['nfp_p0', 'nfp_p1']],
    ['rm /sys', 3, ['/sys/fs/bpf/pass']],
    ['nosuch ', 7, []],
    ['constructor ', 12, []],
    ['bpftool toString ', 17, []],
  ])('%s', (line, start, candidates) => {
    expect(completeCommand(host, line)).toEqual({ start, candidates })
  })
})
