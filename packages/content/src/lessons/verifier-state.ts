/** Lesson 3: find the failing bound in the verifier's state and repair it where it breaks. */
import type { Lesson } from '@offload/session'
import { change } from './change'

const start = `; Read the byte behind the IPv4 header, whose length the header itself gives.
.prog xdp state
    r7 = *(u32 *)(r1 + 0)             ; data
    r8 = *(u32 *)(r1 + 4)             ; data_end
    r2 = r7
    r2 += 34
    if r2 > r8 goto pass
    r3 = *(u16 *)(r7 + 12)
    if r3 != 8 goto pass
    r4 = *(u8 *)(r7 + 14)             ; version and header length
    r4 &= 15                          ; in words
    r4 <<= 2                          ; in bytes
    r9 = r7
    r9 += 14
    r9 += r4                          ; behind the header
    r3 = *(u16 *)(r9 + 2)             ; destination port
    r3 = be16 r3
    if r3 != 53 goto pass
    r0 = 1
    exit
pass:
    r0 = 2
    exit
`

const solution = change(
  start,
  '    r3 = *(u16 *)(r9 + 2)  ',
  '    r2 = r9\n    r2 += 4\n    if r2 > r8 goto pass\n    r3 = *(u16 *)(r9 + 2)  ',
)

const answers = { register: 'r9', line: '16', max: '60' }

export const verifierState: Lesson = {
  version: 1,
  id: 'verifier-state',
  title: 'Reading verifier state',
  goal: 'Find in the verifier’s state what it does not know, and prove it with as few instructions as possible.',
  minutes: 15,
  session: {
    seed: 34,
    traffic: {
      kind: 'synthetic',
      spec: {
        seed: 34,
        rate: 3_000_000,
        kinds: [
          { weight: 50, l3: 'ipv4', l4: 'udp', dstPort: 53, flows: 100, size: 60 },
          { weight: 20, l3: 'ipv4', l4: 'udp', dstPort: 53, flows: 100, size: 80, ipOptions: '94040000' },
          { weight: 30, l3: 'ipv4', l4: 'udp', dstPort: 80, flows: 100, size: 60 },
        ],
      },
    },
  },
  start,
  steps: [
    {
      title: 'Where',
      text: `The comparison at the top proves 34 bytes, and yet a load is refused. Open the layout **Verifier**: the refused line is marked.

Which line of the text is it?`,
      question: { id: 'line', text: 'Number of the refused line' },
      hints: ['The line under the editor names it.', 'It is a load through r9.', 'The line with "destination port".'],
      checks: [
        {
          kind: 'answer',
          question: 'line',
          equals: { measure: 'refused-line' },
          tell: 'The number stands in the refusal and in the margin, beside the red mark.',
        },
      ],
    },
    {
      title: 'Which register',
      text: `The state before that line shows each register. One of them is a packet pointer with \`r=0\`: nothing is proven behind it, since a number from the packet was added.

Which one?`,
      question: { id: 'register', text: 'The register', choices: ['r2', 'r3', 'r4', 'r7', 'r8', 'r9'] },
      hints: [
        'Look for pkt(…) in the state.',
        'r7 has r=34. Another one was made from it.',
        'It is the register the load goes through: r9.',
      ],
      checks: [
        {
          kind: 'answer',
          question: 'register',
          equals: 'r9',
          tell: 'r7 is proven for 34 bytes. The refused load goes through another register.',
        },
      ],
    },
    {
      title: 'How far',
      text: `\`r4\` was masked with 15 and shifted left by 2. The verifier has followed both. What is the largest value that it knows \`r4\` can have at that line?`,
      question: { id: 'max', text: 'Largest value of r4' },
      hints: ['Look for umax or smax at r4.', '15, shifted left by 2.', '15 × 4 = 60.'],
      checks: [
        { kind: 'answer', question: 'max', equals: 60, tell: 'Four bits, then times four: what is the largest?' },
      ],
    },
    {
      title: 'Prove the rest',
      text: `What is proven for \`r7\` says nothing about \`r9\`: it lies somewhere between 0 and 60 bytes further. Compare \`r9\` plus the bytes you need with the end of the packet, right before the load.

The program must get through with **at most three instructions more**.`,
      hints: [
        'The same three lines as at the top, for another register.',
        'The load reads two bytes at offset 2: four must be there.',
        'r2 = r9, r2 += 4, if r2 > r8 goto pass',
      ],
      checks: [
        { kind: 'accepted', by: 'kernel', tell: 'Still refused: compare r9 plus four with the end, before the load.' },
        { kind: 'accepted', by: 'device', tell: 'The kernel agrees, the device does not: read its words.' },
        {
          kind: 'size',
          of: 'insns',
          max: 23,
          tell: 'It passes, with more instructions than needed: three are enough.',
        },
        {
          kind: 'same',
          packets: 500,
          tell: 'Packets with options must be treated like the others: add the header length, do not assume 20.',
        },
      ],
    },
  ],
  solution: { source: solution, answers },
  mistakes: [
    { source: solution, answers: { ...answers, line: '7' }, step: 0, tell: 'stands in the refusal' },
    { source: solution, answers: { ...answers, register: 'r7' }, step: 1, tell: 'goes through another register' },
    { source: solution, answers: { ...answers, max: '15' }, step: 2, tell: 'then times four' },
    { source: change(solution, 'r2 += 4\n', 'r2 += 2\n'), answers, step: 3, tell: 'Still refused' },
    {
      source: change(start, '    r9 += r4                          ; behind the header\n', '    r9 += 20\n').replace(
        'r2 += 34',
        'r2 += 38',
      ),
      answers,
      step: 3,
      tell: 'Packets with options',
    },
  ],
}
