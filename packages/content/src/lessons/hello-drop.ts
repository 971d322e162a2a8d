/** Lesson 1: a verdict for every packet, then for some. */
import type { Lesson } from '@offload/session'
import { change } from './change'

const start = `; The card runs this on every packet. 2 means: pass it to the host.
.prog xdp hello
    r0 = 2                            ; XDP_PASS
    exit
`

const solution = `; Drop UDP over IPv4, pass the rest.
.prog xdp hello
    r7 = *(u32 *)(r1 + 0)             ; first byte of the packet
    r8 = *(u32 *)(r1 + 4)             ; one past its last byte
    r0 = 2                            ; XDP_PASS
    r2 = r7
    r2 += 34
    if r2 > r8 goto out               ; too short for Ethernet and IPv4
    r3 = *(u16 *)(r7 + 12)
    if r3 != 8 goto out               ; EtherType 0x0800, as a little-endian load sees it
    r3 = *(u8 *)(r7 + 23)             ; protocol
    if r3 != 17 goto out              ; not UDP
    r0 = 1                            ; XDP_DROP
out:
    exit
`

const packets = 1000

export const helloDrop: Lesson = {
  version: 1,
  id: 'hello-drop',
  title: 'Hello, drop',
  goal: 'Make the card drop everything, then only UDP.',
  minutes: 10,
  demo: 'flood',
  session: {
    seed: 31,
    traffic: {
      kind: 'synthetic',
      spec: {
        seed: 31,
        rate: 4_000_000,
        kinds: [
          { weight: 50, l3: 'ipv4', l4: 'udp', dstPort: 53, flows: 200, size: 60 },
          { weight: 30, l3: 'ipv4', l4: 'tcp', dstPort: 443, flows: 200, size: 120 },
          { weight: 12, l3: 'ipv6', l4: 'udp', dstPort: 53, flows: 50, size: 90 },
          { weight: 8, l3: 'arp', flows: 10, size: 60 },
        ],
      },
    },
  },
  start,
  steps: [
    {
      title: 'Drop everything',
      text: `The number in \`r0\` when the program exits is the verdict. \`2\` passes the packet to the host, \`1\` drops it on the card.

Change one number and watch the graph: all that comes in now ends on the card. Any later step may let packets pass again; this one only asks that UDP is dropped.`,
      hints: [
        'The verdict is the number that is put into r0.',
        'XDP_DROP is 1. Look at the line "r0 = 2".',
        'Write: r0 = 1',
      ],
      checks: [
        {
          kind: 'outcome',
          packets,
          where: { l3: 'ipv4', protocol: 17 },
          is: 'drop',
          tell: 'UDP still gets through. The verdict for it must be 1, XDP_DROP.',
        },
      ],
    },
    {
      title: 'Find the packet',
      text: `\`r1\` points to the context. It holds two addresses: where the packet begins, at offset 0, and where it ends, at offset 4.

Load both, for instance into \`r7\` and \`r8\`. Before you read a byte, make sure that it is there: add 34 to a copy of the start and jump away if that lies beyond the end. The verifier insists.`,
      hints: [
        'Two loads from r1, a copy, an addition, a comparison.',
        'r7 = *(u32 *)(r1 + 0), r8 = *(u32 *)(r1 + 4), then r2 = r7 and r2 += 34.',
        'if r2 > r8 goto out — with "out:" before exit, and r0 set to 2 before the jump.',
      ],
      checks: [
        {
          kind: 'accepted',
          by: 'device',
          tell: 'The program must be accepted. Read the line under the editor: it says which line and why.',
        },
        {
          kind: 'outcome',
          packets,
          where: { l3: 'arp' },
          is: 'pass',
          tell: 'ARP is not IP and must pass. Look at the EtherType, two bytes at offset 12, before the protocol.',
        },
      ],
    },
    {
      title: 'Only UDP',
      text: `The two bytes at offset 12 are the EtherType: \`0x0800\` for IPv4. Packets are big-endian and the load is little-endian, so a 16-bit load gives \`8\`.

The byte at offset 23 is the protocol: 6 is TCP, **17 is UDP**. Drop where both fit, pass everything else.`,
      hints: [
        'Compare two loads and leave with 2 when one does not fit.',
        'r3 = *(u16 *)(r7 + 12), if r3 != 8 goto out; then the byte at 23.',
        'r3 = *(u8 *)(r7 + 23), if r3 != 17 goto out, then r0 = 1.',
      ],
      checks: [
        {
          kind: 'outcome',
          packets,
          where: { l3: 'ipv4', protocol: 6 },
          is: 'pass',
          tell: 'TCP must pass: look at the protocol byte, offset 23.',
        },
        {
          kind: 'outcome',
          packets,
          where: { l3: 'ipv6' },
          is: 'pass',
          tell: 'IPv6 must pass: byte 23 is something else there. Compare the EtherType first.',
        },
      ],
    },
    {
      title: 'All of it at once',
      text: `A thousand packets, mixed: every UDP packet over IPv4 is dropped, every other one passes, and none is aborted. That is a firewall of one rule, and it runs before the host knows of the packet.`,
      hints: [
        'Look at the packet list: which one has the wrong verdict?',
        'Each path needs r0 set before exit.',
        'Press "Show one solution" and compare line by line.',
      ],
      checks: [
        {
          kind: 'outcome',
          packets,
          where: { l3: 'ipv4', protocol: 17 },
          is: 'drop',
          tell: 'Some UDP gets through: is the jump the right way round?',
        },
        {
          kind: 'counter',
          packets,
          counter: 'aborted',
          max: 0,
          tell: 'Some packets are aborted: return 1 or 2, never 0.',
        },
        { kind: 'same', packets, tell: 'One packet ends differently; its number is above.' },
      ],
    },
  ],
  solution: { source: solution },
  mistakes: [
    { source: change(start, 'r0 = 2 ', 'r0 = 1 '), step: 1, tell: 'ARP is not IP' },
    {
      source: change(solution, 'if r3 != 17 goto out', 'if r3 == 17 goto out'),
      step: 0,
      tell: 'UDP still gets through',
    },
    {
      source: change(solution, '    if r3 != 17 goto out              ; not UDP\n', ''),
      step: 2,
      tell: 'TCP must pass',
    },
    { source: change(solution, 'r0 = 2  ', 'r0 = 0  '), step: 1, tell: 'ARP is not IP' },
  ],
}
