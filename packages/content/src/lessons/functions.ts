/** Lesson 10: one parser in place of two copies. */
import type { Lesson } from '@offload/session'
import { change } from './change'

const read = (base: number): string => `    r2 = r7
    r2 += ${base + 24}
    if r2 > r8 goto pass
    r3 = *(u8 *)(r7 + ${base})
    if r3 != 0x45 goto pass           ; IPv4 without options
    r3 = *(u8 *)(r7 + ${base + 9})
    if r3 == 4 goto ${base === 14 ? 'inner' : 'pass'}
    r4 = *(u32 *)(r7 + ${base + 12})           ; addresses, folded
    r5 = *(u32 *)(r7 + ${base + 16})
    w4 ^= w5
    w5 = w4
    w5 >>= 16
    w4 ^= w5
    r5 = *(u16 *)(r7 + ${base + 20})           ; and ports
    w4 ^= w5
    r5 = *(u16 *)(r7 + ${base + 22})
    w4 ^= w5
    w4 &= 1
    if w4 == 0 goto pass
    r0 = 1
    exit
`

const start = `; Drop every other connection, plain or in a tunnel. The same lines stand here twice.
.prog xdp twice
    r7 = *(u32 *)(r1 + 0)             ; data
    r8 = *(u32 *)(r1 + 4)             ; data_end
    r2 = r7
    r2 += 14
    if r2 > r8 goto pass
    r3 = *(u16 *)(r7 + 12)
    if r3 != 8 goto pass              ; IPv4
${read(14)}inner:
${read(34)}pass:
    r0 = 2
    exit
`

const solution = `; Drop every other connection, plain or in a tunnel: one function for both headers.
.prog xdp once
    r7 = *(u32 *)(r1 + 0)             ; data
    r8 = *(u32 *)(r1 + 4)             ; data_end
    r2 = r7
    r2 += 14
    if r2 > r8 goto pass
    r3 = *(u16 *)(r7 + 12)
    if r3 != 8 goto pass              ; IPv4
    r1 = r7
    r1 += 14
    r2 = r8
    call verdict
    if r0 != 4 goto out               ; not a tunnel
    r1 = r7
    r1 += 34
    r2 = r8
    call verdict
    if r0 == 4 goto pass
out:
    exit
pass:
    r0 = 2
    exit

; r1: an IPv4 header, r2: end of the packet; r0: verdict, or 4 where another IPv4 header follows.
.func verdict
    r0 = 2
    r3 = r1
    r3 += 24
    if r3 > r2 goto done
    r3 = *(u8 *)(r1 + 0)
    if r3 != 0x45 goto done
    r3 = *(u8 *)(r1 + 9)
    if r3 == 4 goto tunnel
    r4 = *(u32 *)(r1 + 12)
    r5 = *(u32 *)(r1 + 16)
    w4 ^= w5
    w5 = w4
    w5 >>= 16
    w4 ^= w5
    r5 = *(u16 *)(r1 + 20)
    w4 ^= w5
    r5 = *(u16 *)(r1 + 22)
    w4 ^= w5
    w4 &= 1
    if w4 == 0 goto done
    r0 = 1
done:
    exit
tunnel:
    r0 = 4
    exit
`

export const functions: Lesson = {
  version: 1,
  id: 'functions',
  title: 'Functions instead of copies',
  goal: 'Put lines that stand twice into a subprogram, and see what that saves on the card.',
  minutes: 20,
  demo: 'parser',
  session: {
    seed: 44,
    traffic: {
      kind: 'synthetic',
      spec: {
        seed: 44,
        rate: 3_000_000,
        kinds: [
          { weight: 60, l3: 'ipv4', l4: 'udp', dstPort: 53, flows: 200, size: 80 },
          { weight: 35, l3: 'ipv4', tunnel: 'ipip', l4: 'tcp', dstPort: 443, flows: 200, size: 100 },
          { weight: 5, l3: 'arp', flows: 5, size: 60 },
        ],
      },
    },
  },
  start,
  steps: [
    {
      title: 'How large it is',
      text: `The program reads an IPv4 header, and again the one inside a tunnel. How many **words** has the program on the card? (JIT shows it; the driver calls it the program's length.)`,
      question: { id: 'words', text: 'Words of the program' },
      hints: [
        'Open JIT: the number stands above the words.',
        'It is the address of the last word, plus one.',
        'In a terminal: offload jit',
      ],
      checks: [
        {
          kind: 'answer',
          question: 'words',
          equals: { measure: 'words' },
          tell: 'Look at the head of the words in JIT.',
        },
      ],
    },
    {
      title: 'A subprogram',
      text: `\`.func verdict\` begins a subprogram; \`call verdict\` calls it. Arguments are in \`r1\` to \`r5\`, the result is in \`r0\`, and \`r6\` to \`r9\` stay as they were.

Give it the address of an IPv4 header and the end of the packet. It may return a verdict, or 4 where it found a tunnel.`,
      hints: [
        'Offsets inside the function count from the header: 9 for the protocol, not 23.',
        'The comparison with the end belongs into the function.',
        'End it with exit, before and after the function.',
      ],
      checks: [
        { kind: 'accepted', by: 'device', tell: 'The program must be accepted. Read the line under the editor.' },
        { kind: 'subprograms', min: 1, tell: 'There is no subprogram yet: .func NAME, and call NAME.' },
      ],
    },
    {
      title: 'The same verdicts',
      text: `Call it for the outer header at 14, and where it says so for the inner one at 34. All packets must end as before.`,
      hints: [
        'Which packets end differently: plain ones or tunnels?',
        'r1 = r7, r1 += 34, r2 = r8, call verdict.',
        'What does the program return when the inner header holds a third one?',
      ],
      checks: [
        {
          kind: 'same',
          as: start,
          packets: 800,
          tell: 'One packet ends differently from before; its number is above.',
        },
      ],
    },
    {
      title: 'Smaller',
      text: `Two copies became one. The program must now fit in **at most 115 words**.`,
      hints: [
        'Is one of the copies still there?',
        'A function that uses r6 to r9 saves them, which costs words.',
        'Use only r0 to r5 in the function.',
      ],
      checks: [
        { kind: 'size', of: 'words', max: 115, tell: 'Too large: is a copy left, or does the function use r6 to r9?' },
      ],
    },
  ],
  solution: { source: solution, answers: { words: '117' } },
  mistakes: [
    { source: start, answers: { words: '117' }, step: 1, tell: 'no subprogram yet' },
    {
      source: change(solution, '    r1 = r7\n    r1 += 34\n', '    r1 = r7\n    r1 += 14\n'),
      answers: { words: '117' },
      step: 2,
      tell: 'ends differently',
    },
    { source: solution, answers: { words: '12' }, step: 0, tell: 'head of the words' },
  ],
}
