/** Lesson 12: tune until nothing is lost at the smallest packet. */
import type { Lesson } from '@offload/session'
import { change } from './change'

const start = `; Count by source network and drop port 53. Right, and far too slow for 64-byte packets at line rate.
.map networks hash key u32 value u64 max 4096
.map dropped array key u32 value u64 max 1

.prog xdp slow
    r6 = r1
    r7 = *(u32 *)(r6 + 0)             ; data
    r8 = *(u32 *)(r6 + 4)             ; data_end
    r2 = r7
    r2 += 42
    if r2 > r8 goto pass
    r3 = *(u16 *)(r7 + 12)
    if r3 != 8 goto pass
    r3 = *(u32 *)(r7 + 26)
    r3 = be32 r3
    r3 >>= 8                          ; the network: 24 bits
    *(u32 *)(r10 - 4) = r3
    r1 = networks ll
    r2 = r10
    r2 += -4
    call bpf_map_lookup_elem
    if r0 != 0 goto known
    r1 = 0
    *(u32 *)(r10 - 16) = r1
    *(u32 *)(r10 - 12) = r1
    r1 = networks ll
    r2 = r10
    r2 += -4
    r3 = r10
    r3 += -16
    r4 = 0
    call bpf_map_update_elem          ; every new network takes this way
known:
    r3 = *(u8 *)(r7 + 23)
    if r3 != 17 goto pass
    r3 = *(u16 *)(r7 + 36)
    r3 = be16 r3
    if r3 != 53 goto pass
    r1 = 0
    *(u32 *)(r10 - 4) = r1
    r1 = dropped ll
    r2 = r10
    r2 += -4
    call bpf_map_lookup_elem
    if r0 == 0 goto drop
    r1 = 1
    lock *(u64 *)(r0 + 0) += r1
drop:
    r0 = 1
    exit
pass:
    r0 = 2
    exit
`

const solution = `; Drop port 53 and count what was dropped: look at the port first, touch one map only.
.map dropped array key u32 value u64 max 1

.prog xdp fast
    r7 = *(u32 *)(r1 + 0)             ; data
    r8 = *(u32 *)(r1 + 4)             ; data_end
    r2 = r7
    r2 += 42
    if r2 > r8 goto pass
    r3 = *(u16 *)(r7 + 12)
    if r3 != 8 goto pass
    r3 = *(u8 *)(r7 + 23)
    if r3 != 17 goto pass
    r3 = *(u16 *)(r7 + 36)
    r3 = be16 r3
    if r3 != 53 goto pass
    r1 = 0
    *(u32 *)(r10 - 4) = r1
    r1 = dropped ll
    r2 = r10
    r2 += -4
    call bpf_map_lookup_elem
    if r0 == 0 goto drop
    r1 = 1
    lock *(u64 *)(r0 + 0) += r1
drop:
    r0 = 1
    exit
pass:
    r0 = 2
    exit
`

const kinds = [
  { weight: 80, l3: 'ipv4' as const, l4: 'udp' as const, dstPort: 53, flows: 3000, size: 60 },
  { weight: 20, l3: 'ipv4' as const, l4: 'tcp' as const, dstPort: 443, flows: 3000, size: 60 },
]

export const lineRate: Lesson = {
  version: 1,
  id: 'line-rate',
  title: 'Make it line rate',
  goal: 'Tune a program until no 64-byte packet is lost at the rate of the wire.',
  minutes: 25,
  session: { seed: 46, traffic: { kind: 'synthetic', spec: { seed: 46, rate: 20_000_000, kinds } } },
  start,
  steps: [
    {
      title: 'What has to stay',
      text: `UDP to port 53 is dropped and counted in \`dropped\`; everything else passes. The table of networks is nice to have; nobody reads it.

Whatever you change: these verdicts and this counter stay.`,
      hints: [
        'Change one thing at a time, and look at the checks.',
        'The map "dropped" keeps its name and shape.',
        'Count where the packet is dropped.',
      ],
      checks: [
        { kind: 'same', packets: 600, tell: 'A packet ends differently from the program that you began with.' },
        {
          kind: 'map',
          packets: 600,
          map: 'dropped',
          key: '00000000',
          equals: { packets: { protocol: 17, dstPort: 53 } },
          tell: 'The map "dropped" must hold the number of packets to UDP port 53.',
        },
      ],
    },
    {
      title: 'Fewer words',
      text: `Each packet costs the firmware some hundreds of cycles already. What the program adds must be small: **at most 80 words a packet** on average.

A look-up in a hash is several trips to memory; an update is more, and takes a lock.`,
      hints: [
        'What does the program do that nobody needs?',
        'The table of networks: a look-up for each packet, an update for each new one.',
        'Take the map "networks" out altogether.',
      ],
      checks: [
        { kind: 'cost', packets: 600, max: 80, tell: 'Too many words a packet. Which map access is not needed?' },
      ],
    },
    {
      title: 'Look at the port first',
      text: `Packets that pass should pass soon. Test protocol and port before any map is touched.

At **24 million packets a second** of 64 bytes nothing may be lost.`,
      hints: [
        'Move the tests up.',
        'Nothing before the last test may call a helper.',
        'Then one look-up, one addition, one verdict.',
      ],
      checks: [
        {
          kind: 'counter',
          packets: 6000,
          traffic: { seed: 47, rate: 24_000_000, kinds },
          counter: 'lost',
          max: 0,
          tell: 'Packets are lost at 24 million a second. See in Traffic how the cores are used, and take work away.',
        },
      ],
    },
    {
      title: 'The wire',
      text: `25 Gbit/s carry **37.2 million** packets of 64 bytes a second. Nothing is lost at 36 million: that is what the card can do with this program.`,
      hints: [
        'How many words are left?',
        'One array, one atomic addition, on dropped packets only.',
        'Compare with the solution.',
      ],
      checks: [
        {
          kind: 'counter',
          packets: 6000,
          traffic: { seed: 47, rate: 36_000_000, kinds },
          counter: 'lost',
          max: 0,
          tell: 'Packets are lost at the rate of the wire: take away what is not needed for each packet.',
        },
      ],
    },
  ],
  solution: { source: solution },
  mistakes: [
    { source: start, step: 1, tell: 'Which map access is not needed' },
    { source: change(solution, '    lock *(u64 *)(r0 + 0) += r1\n', ''), step: 0, tell: 'must hold the number' },
    { source: change(solution, 'if r3 != 53 goto pass', 'if r3 == 53 goto pass'), step: 0, tell: 'ends differently' },
  ],
}
