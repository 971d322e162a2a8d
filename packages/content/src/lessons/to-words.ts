/** Lesson 4: from BPF instructions to the card's words. */
import type { Lesson } from '@offload/session'
import { change } from './change'

const start = `; Send every packet back with its Ethernet addresses exchanged.
.prog xdp words
    r6 = r1
    r7 = *(u32 *)(r6 + 0)             ; data
    r8 = *(u32 *)(r6 + 4)             ; data_end
    r2 = r7
    r2 += 14
    if r2 > r8 goto drop
    r1 = *(u8 *)(r7 + 0)
    r2 = *(u8 *)(r7 + 6)
    *(u8 *)(r7 + 0) = r2
    *(u8 *)(r7 + 6) = r1
    r1 = *(u8 *)(r7 + 1)
    r2 = *(u8 *)(r7 + 7)
    *(u8 *)(r7 + 1) = r2
    *(u8 *)(r7 + 7) = r1
    r1 = *(u32 *)(r7 + 2)
    r2 = *(u32 *)(r7 + 8)
    *(u32 *)(r7 + 2) = r2
    *(u32 *)(r7 + 8) = r1
    r0 = 3                            ; XDP_TX
    exit
drop:
    r0 = 1
    exit
`

const solution = `; Send every packet back with its Ethernet addresses exchanged: two loads and two stores for each.
.prog xdp words
    r7 = *(u32 *)(r1 + 0)             ; data
    r8 = *(u32 *)(r1 + 4)             ; data_end
    r2 = r7
    r2 += 14
    if r2 > r8 goto drop
    r1 = *(u32 *)(r7 + 0)
    r2 = *(u16 *)(r7 + 4)
    r3 = *(u32 *)(r7 + 6)
    r4 = *(u16 *)(r7 + 10)
    *(u32 *)(r7 + 0) = r3
    *(u16 *)(r7 + 4) = r4
    *(u32 *)(r7 + 6) = r1
    *(u16 *)(r7 + 10) = r2
    r0 = 3                            ; XDP_TX
    exit
drop:
    r0 = 1
    exit
`

export const toWords: Lesson = {
  version: 1,
  id: 'to-words',
  title: 'From BPF to NFP words',
  goal: 'See what each instruction becomes on the card, which ones vanish, and make the program cheaper.',
  minutes: 15,
  demo: 'copy',
  session: {
    seed: 35,
    traffic: {
      kind: 'synthetic',
      spec: {
        seed: 35,
        rate: 4_000_000,
        kinds: [
          {
            weight: 1,
            l3: 'ipv4',
            l4: 'udp',
            dstPort: 7,
            flows: 100,
            size: 60,
            payload: 'counting',
            srcMac: '02:11:22:33:44:55',
            dstMac: '06:aa:bb:cc:dd:ee',
          },
        ],
      },
    },
  },
  start,
  steps: [
    {
      title: 'One to many',
      text: `Open the layout **JIT**. Each BPF instruction is linked to its words; point at one and the others light up.

How many words does the addition \`r2 += 14\` become?`,
      question: { id: 'add', text: 'Words of r2 += 14' },
      hints: [
        'BPF has 64-bit registers, the card 32-bit ones.',
        'Point at the line r2 += 14 in JIT and count what lights up.',
        'One word for each half: an addition, and an addition with carry.',
      ],
      checks: [
        {
          kind: 'answer',
          question: 'add',
          equals: { measure: 'words-of-line', line: 'r2 += 14' },
          tell: 'Point at the instruction in JIT and count the words that light up.',
        },
      ],
    },
    {
      title: 'A load',
      text: `A load from the packet is a command to memory and a wait for the answer, unless the bytes are there already: loads that lie close together share one read, the packet cache. How many words is the first load, \`r1 = *(u8 *)(r7 + 0)\`?`,
      question: { id: 'load', text: 'Words of the first byte load' },
      hints: [
        'Point at the line in JIT.',
        'A neighbour may have been loaded along with it: the packet cache.',
        'Count the words between this instruction and the next.',
      ],
      checks: [
        {
          kind: 'answer',
          question: 'load',
          equals: { measure: 'words-of-line', line: 'r1 = *(u8 *)(r7 + 0)' },
          tell: 'Count again: all words that light up belong to the load.',
        },
      ],
    },
    {
      title: 'What vanishes',
      text: `Some instructions become nothing at all. They are struck through, and the reason stands beside them. How many of this program's instructions have no word?`,
      question: { id: 'gone', text: 'Instructions without a word' },
      hints: [
        'Look for the struck-through lines in JIT.',
        'A copy of the context pointer is one: the card knows where its context is.',
        'Count them all, over the whole program.',
      ],
      checks: [
        {
          kind: 'answer',
          question: 'gone',
          equals: { measure: 'removed' },
          tell: 'Count the struck-through instructions, over the whole program.',
        },
      ],
    },
    {
      title: 'Cheaper',
      text: `Each address is exchanged in three pieces. Two are enough: four bytes and two. Rewrite the exchange so that the program does the same with **at most 44 words run for a packet**.

All packets must go back as before, byte for byte.`,
      hints: [
        'Load everything first, store everything afterwards.',
        'u32 at 0, u16 at 4; u32 at 6, u16 at 10.',
        'Four loads into r1 to r4, then four stores crosswise.',
      ],
      checks: [
        { kind: 'accepted', by: 'device', tell: 'The program must be accepted. Read the line under the editor.' },
        {
          kind: 'same',
          packets: 200,
          tell: 'The bytes are not those that should leave. Which half went where?',
        },
        {
          kind: 'cost',
          packets: 200,
          max: 44,
          tell: 'Still too many words for a packet: exchange four and two bytes in place of one, one and four.',
        },
      ],
    },
  ],
  solution: { source: solution, answers: { add: '2', load: '2', gone: '1' } },
  mistakes: [
    { source: solution, answers: { add: '1', load: '2', gone: '1' }, step: 0, tell: 'count the words that light up' },
    { source: start, answers: { add: '2', load: '2', gone: '1' }, step: 3, tell: 'Still too many words' },
    {
      source: change(solution, '*(u32 *)(r7 + 6) = r1', '*(u32 *)(r7 + 6) = r3'),
      answers: { add: '2', load: '2', gone: '1' },
      step: 3,
      tell: 'The bytes are not those',
    },
    { source: solution, answers: { add: '2', load: '2', gone: '9' }, step: 2, tell: 'struck-through' },
  ],
}
