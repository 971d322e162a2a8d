/** Lesson 2: what the verifier wants before a packet byte is read. */
import type { Lesson } from '@offload/session'
import { change } from './change'

const start = `; Drop packets whose time to live is below 5. The verifier does not like it yet.
.prog xdp ttl
    r7 = *(u32 *)(r1 + 0)             ; data
    r8 = *(u32 *)(r1 + 4)             ; data_end
    r3 = *(u8 *)(r7 + 22)             ; time to live
    if r3 > 4 goto pass
    r0 = 1
    exit
pass:
    r0 = 2
    exit
`

const solution = `; Drop packets whose time to live is below 5; what is too short to have one passes.
.prog xdp ttl
    r7 = *(u32 *)(r1 + 0)             ; data
    r8 = *(u32 *)(r1 + 4)             ; data_end
    r2 = r7
    r2 += 34
    if r2 > r8 goto pass              ; the check: 34 bytes are there, or we do not look
    r3 = *(u16 *)(r7 + 12)
    if r3 != 8 goto pass              ; IPv4 only
    r3 = *(u8 *)(r7 + 22)             ; time to live
    if r3 > 4 goto pass
    r0 = 1
    exit
pass:
    r0 = 2
    exit
`

const runts = {
  seed: 33,
  rate: 1_000_000,
  kinds: [
    { weight: 1, l3: 'arp' as const, flows: 5, size: 42 },
    { weight: 2, l3: 'ipv4' as const, l4: 'none' as const, flows: 20, size: 34, ttl: 2 },
  ],
}

export const verifierWants: Lesson = {
  version: 1,
  id: 'verifier-wants',
  title: 'What the verifier wants',
  goal: 'Read a packet byte so that the kernel can prove it is there.',
  minutes: 12,
  session: {
    seed: 32,
    traffic: {
      kind: 'synthetic',
      spec: {
        seed: 32,
        rate: 3_000_000,
        kinds: [
          { weight: 60, l3: 'ipv4', l4: 'udp', dstPort: 53, flows: 100, size: 60, ttl: 64 },
          { weight: 25, l3: 'ipv4', l4: 'udp', dstPort: 53, flows: 50, size: 60, ttl: 3 },
          { weight: 10, l3: 'ipv6', l4: 'tcp', dstPort: 80, flows: 50, size: 80 },
          { weight: 5, l3: 'arp', flows: 5, size: 60 },
        ],
      },
    },
  },
  start,
  steps: [
    {
      title: 'Read the refusal',
      text: `The program looks right and is refused. The line under the editor has the kernel's own words: **invalid access to packet**, with an offset, a size, and \`r=\`, the number of bytes that are proven to be there.

How many bytes are proven to be there at the load?`,
      question: { id: 'range', text: 'The number behind r= in the refusal' },
      hints: [
        'Look at the end of the refusal, in the brackets behind R7.',
        'It reads R7(id=0,off=22,r=…) or the like.',
        'Nothing has been compared yet, so nothing is proven: r=0.',
      ],
      checks: [
        {
          kind: 'answer',
          question: 'range',
          equals: 0,
          tell: 'Look for "r=" in the refusal: it is the number of bytes that are proven to be there.',
        },
      ],
    },
    {
      title: 'Prove it',
      text: `Copy the start of the packet into another register, add the bytes you need, and compare with the end:

- \`r2 = r7\`
- \`r2 += 34\`
- \`if r2 > r8 goto pass\`

Behind that line, on the way where the jump is **not** taken, the verifier knows that 34 bytes can be read through \`r7\`.`,
      hints: [
        'The comparison must come before the load, on every way to it.',
        'Byte 22 is the 23rd: at least 23 must be there.',
        'Put the three lines right before the load.',
      ],
      checks: [
        {
          kind: 'accepted',
          by: 'kernel',
          tell: 'The kernel still refuses. Does the comparison come before the load, and does it allow enough bytes?',
        },
        { kind: 'accepted', by: 'device', tell: 'The kernel agrees, the device does not: read its words.' },
      ],
    },
    {
      title: 'Only where there is a time to live',
      text: `Byte 22 is the time to live in an **IPv4** packet. In ARP or IPv6 something else is there. Look at the EtherType first, as in the lesson before.`,
      hints: [
        'Which packets are dropped and should not be?',
        'Two bytes at offset 12: 8 means IPv4 here.',
        'r3 = *(u16 *)(r7 + 12), if r3 != 8 goto pass',
      ],
      checks: [
        {
          kind: 'outcome',
          packets: 600,
          where: { not: { l3: 'ipv4' } },
          is: 'pass',
          tell: 'Packets that are not IPv4 must pass: compare the EtherType.',
        },
        {
          kind: 'same',
          packets: 600,
          tell: 'A packet with a small time to live passes, or one with a large one is dropped. Is it "> 4"?',
        },
      ],
    },
    {
      title: 'Runt frames',
      text: `Real networks have frames that are shorter than any header. They must neither crash nor be aborted: the check that you wrote sends them on. A check that asks for more bytes than the program reads lets short packets slip through: here come IPv4 packets of 34 bytes, no more.`,
      hints: [
        'How many bytes does your comparison ask for?',
        'Ethernet has 14, the IPv4 header 20.',
        'Use r2 += 34, not more.',
      ],
      checks: [
        {
          kind: 'counter',
          packets: 300,
          traffic: runts,
          counter: 'aborted',
          max: 0,
          tell: 'Short frames are aborted.',
        },
        {
          kind: 'outcome',
          packets: 300,
          traffic: runts,
          where: { l3: 'ipv4' },
          is: 'drop',
          tell: 'IPv4 packets of 34 bytes slip through: your comparison asks for more bytes than the program reads.',
        },
      ],
    },
  ],
  solution: { source: solution, answers: { range: '0' } },
  mistakes: [
    { source: solution, answers: { range: '22' }, step: 0, tell: 'number of bytes that are proven' },
    {
      source: change(solution, 'r2 += 34', 'r2 += 20'),
      answers: { range: '0' },
      step: 1,
      tell: 'The kernel still refuses',
    },
    {
      source: change(solution, '    if r3 != 8 goto pass              ; IPv4 only\n', ''),
      answers: { range: '0' },
      step: 2,
      tell: 'must pass: compare the EtherType',
    },
    {
      source: change(solution, 'r2 += 34', 'r2 += 42'),
      answers: { range: '0' },
      step: 3,
      tell: 'slip through',
    },
  ],
}
