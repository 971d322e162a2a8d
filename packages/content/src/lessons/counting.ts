/** Lesson 5: counting in a map, and a block-list that the host writes while packets flow. */
import type { Lesson } from '@offload/session'
import { change } from './change'

const start = `; Count IPv4 packets by protocol. The map is there; nobody writes to it yet.
.map counts array key u32 value u64 max 256

.prog xdp counting
    r7 = *(u32 *)(r1 + 0)             ; data
    r8 = *(u32 *)(r1 + 4)             ; data_end
    r2 = r7
    r2 += 34
    if r2 > r8 goto pass
    r3 = *(u16 *)(r7 + 12)
    if r3 != 8 goto pass              ; IPv4
    r9 = *(u8 *)(r7 + 23)             ; protocol
pass:
    r0 = 2
    exit
`

const solution = `; Count IPv4 packets by protocol; drop what comes from addresses that the host lists.
.map counts array key u32 value u64 max 256
.map blocked hash key ipv4 value u32 max 64

.prog xdp counting
    r7 = *(u32 *)(r1 + 0)             ; data
    r8 = *(u32 *)(r1 + 4)             ; data_end
    r2 = r7
    r2 += 34
    if r2 > r8 goto pass
    r3 = *(u16 *)(r7 + 12)
    if r3 != 8 goto pass              ; IPv4
    r9 = *(u8 *)(r7 + 23)             ; protocol
    *(u32 *)(r10 - 4) = r9
    r1 = counts ll
    r2 = r10
    r2 += -4
    call bpf_map_lookup_elem
    if r0 == 0 goto pass
    r1 = 1
    lock *(u64 *)(r0 + 0) += r1
    r3 = *(u32 *)(r7 + 26)            ; source address
    *(u32 *)(r10 - 8) = r3
    r1 = blocked ll
    r2 = r10
    r2 += -8
    call bpf_map_lookup_elem
    if r0 == 0 goto pass
    r0 = 1
    exit
pass:
    r0 = 2
    exit
`

const packets = 800
const write = { after: 400, entry: { map: 'blocked', key: 'c6336405', value: '01000000' } }

export const counting: Lesson = {
  version: 1,
  id: 'counting',
  title: 'Counting with maps',
  goal: 'Count packets by protocol, and drop what the host lists while the program runs.',
  minutes: 20,
  demo: 'blocklist',
  session: {
    seed: 36,
    traffic: {
      kind: 'synthetic',
      spec: {
        seed: 36,
        rate: 4_000_000,
        kinds: [
          {
            weight: 50,
            l3: 'ipv4',
            l4: 'udp',
            dstPort: 53,
            flows: 64,
            size: 60,
            src: { from: '198.51.100.0', count: 16 },
          },
          { weight: 35, l3: 'ipv4', l4: 'tcp', dstPort: 443, flows: 64, size: 90 },
          { weight: 10, l3: 'ipv4', l4: 'icmp', flows: 8, size: 98 },
          { weight: 5, l3: 'arp', flows: 4, size: 60 },
        ],
      },
    },
  },
  start,
  steps: [
    {
      title: 'Look an entry up',
      text: `A map is asked with a **key in memory**: store the protocol on the stack, \`*(u32 *)(r10 - 4) = r9\`. Then \`r1 = counts ll\`, \`r2\` the address of the key, and \`call bpf_map_lookup_elem\`.

The answer in \`r0\` is a pointer to the value, or zero. Compare it with zero before you use it.`,
      hints: [
        'Six lines: store the key, r1, r2 in two, the call, the comparison.',
        'r2 = r10, then r2 += -4: the place of the key.',
        'if r0 == 0 goto pass',
      ],
      checks: [
        { kind: 'accepted', by: 'device', tell: 'The program must be accepted. Read the line under the editor.' },
        {
          kind: 'map',
          packets,
          map: 'counts',
          key: '11000000',
          equals: { packets: { l3: 'ipv4', protocol: 17 } },
          tell: 'Entry 17 (UDP) is not the number of UDP packets. Is the key the protocol, and is one added for each packet?',
        },
      ],
    },
    {
      title: 'Add without losing any',
      text: `Fifty cores count at the same time. \`lock *(u64 *)(r0 + 0) += r1\` adds in the memory itself, so that none of the additions is lost.

All protocols must be right: UDP, TCP and ICMP.`,
      hints: [
        'r1 = 1, then the line with lock.',
        'Every IPv4 packet is counted, whatever its verdict.',
        'Count before you drop.',
      ],
      checks: [
        {
          kind: 'map',
          packets,
          map: 'counts',
          key: '06000000',
          equals: { packets: { l3: 'ipv4', protocol: 6 } },
          tell: 'Entry 6 (TCP) is not the number of TCP packets.',
        },
        {
          kind: 'map',
          packets,
          map: 'counts',
          key: '01000000',
          equals: { packets: { l3: 'ipv4', protocol: 1 } },
          tell: 'Entry 1 (ICMP) is not the number of ICMP packets.',
        },
      ],
    },
    {
      title: 'A list of the host',
      text: `Declare a second map: \`.map blocked hash key ipv4 value u32 max 64\`. Look up the source address, four bytes at offset 26, just as they are on the wire. Where there is an entry, drop.

As long as the list is empty, everything passes.`,
      hints: [
        'The same six lines, with another key and another map.',
        'r3 = *(u32 *)(r7 + 26), store it at r10 - 8.',
        'if r0 == 0 goto pass, then r0 = 1 and exit.',
      ],
      checks: [
        {
          kind: 'counter',
          packets,
          counter: 'dropped',
          max: 0,
          tell: 'The list is empty and packets are dropped: is the test the right way round?',
        },
        {
          kind: 'outcome',
          packets,
          write,
          grace: 0,
          where: { src: '198.51.100.5' },
          is: 'drop',
          tell: 'The host lists 198.51.100.5, and its packets still pass. Is the map called "blocked", with the address as its key?',
        },
      ],
    },
    {
      title: 'Nobody else',
      text: `After 400 packets the host lists **198.51.100.5**. From then on each of its packets is dropped, no other packet is, and the counters go on counting both.`,
      hints: [
        'Which packets are dropped that should not be?',
        'Look at what the key holds: all four bytes of the address.',
        'Count first, look at the list afterwards.',
      ],
      checks: [
        {
          kind: 'outcome',
          packets,
          write,
          where: { not: { src: '198.51.100.5' } },
          is: 'pass',
          tell: 'A packet of another address is dropped.',
        },
        {
          kind: 'map',
          packets,
          write,
          map: 'counts',
          key: '11000000',
          equals: { packets: { l3: 'ipv4', protocol: 17 } },
          tell: 'Dropped packets are no longer counted: count before you look at the list.',
        },
      ],
    },
  ],
  solution: { source: solution },
  mistakes: [
    {
      source: change(solution, '*(u32 *)(r10 - 4) = r9', 'r9 = 0\n    *(u32 *)(r10 - 4) = r9'),
      step: 0,
      tell: 'Is the key the protocol',
    },
    {
      source: change(
        solution,
        '    r9 = *(u8 *)(r7 + 23)             ; protocol\n',
        '    r9 = *(u8 *)(r7 + 23)             ; protocol\n    if r9 == 6 goto pass\n',
      ),
      step: 1,
      tell: 'Entry 6 (TCP)',
    },
    {
      source: change(solution, 'r3 = *(u32 *)(r7 + 26)', 'r3 = *(u32 *)(r7 + 30)'),
      step: 2,
      tell: 'with the address as its key',
    },
    {
      source: change(solution, '    if r0 == 0 goto pass\n    r0 = 1', '    if r0 != 0 goto pass\n    r0 = 1'),
      step: 2,
      tell: 'The list is empty',
    },
  ],
}
