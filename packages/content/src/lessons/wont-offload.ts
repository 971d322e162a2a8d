/** Lesson 11: a program that a host takes and the card does not. */
import type { Lesson } from '@offload/session'
import { change } from './change'

const start = `; Drop one UDP packet in ten, and remember when the last one was seen. A host takes it, the card does not.
.struct state { seen u64; last u64 }
.map states array key u32 value state max 1

.prog xdp policer
    r7 = *(u32 *)(r1 + 0)             ; data
    r8 = *(u32 *)(r1 + 4)             ; data_end
    r2 = r7
    r2 += 42
    if r2 > r8 goto pass
    r3 = *(u16 *)(r7 + 12)
    if r3 != 8 goto pass
    r3 = *(u8 *)(r7 + 23)
    if r3 != 17 goto pass
    call bpf_ktime_get_ns
    r9 = r0
    r1 = 0
    *(u32 *)(r10 - 4) = r1
    r1 = states ll
    r2 = r10
    r2 += -4
    call bpf_map_lookup_elem
    if r0 == 0 goto pass
    *(u64 *)(r0 + 8) = r9             ; when
    r1 = 1
    lock *(u64 *)(r0 + 0) += r1       ; how many
    r3 = *(u16 *)(r7 + 34)            ; source port
    r3 = be16 r3
    r3 %= 16
    if r3 != 0 goto pass
    r0 = 1
    exit
pass:
    r0 = 2
    exit
`

const solution = `; Drop one UDP source port in sixteen and count: nothing that the card does not have.
.struct state { seen u64; last u64 }
.map states array key u32 value state max 1

.prog xdp policer
    r7 = *(u32 *)(r1 + 0)             ; data
    r8 = *(u32 *)(r1 + 4)             ; data_end
    r2 = r7
    r2 += 42
    if r2 > r8 goto pass
    r3 = *(u16 *)(r7 + 12)
    if r3 != 8 goto pass
    r3 = *(u8 *)(r7 + 23)
    if r3 != 17 goto pass
    r1 = 0
    *(u32 *)(r10 - 4) = r1
    r1 = states ll
    r2 = r10
    r2 += -4
    call bpf_map_lookup_elem
    if r0 == 0 goto pass
    r1 = 1
    lock *(u64 *)(r0 + 0) += r1       ; how many
    r3 = *(u16 *)(r7 + 34)            ; source port
    r3 = be16 r3
    r3 &= 15
    if r3 != 0 goto pass
    r0 = 1
    exit
pass:
    r0 = 2
    exit
`

const CLOCK = '    call bpf_ktime_get_ns\n    r9 = r0\n'
const STORE = '    *(u64 *)(r0 + 8) = r9             ; when\n'
const answers = { helper: '5' }

export const wontOffload: Lesson = {
  version: 1,
  id: 'wont-offload',
  title: 'Why won’t it offload?',
  goal: 'Make a program for hosts fit the card, with the same verdicts.',
  minutes: 15,
  session: {
    seed: 45,
    traffic: {
      kind: 'synthetic',
      spec: {
        seed: 45,
        rate: 3_000_000,
        kinds: [
          { weight: 70, l3: 'ipv4', l4: 'udp', dstPort: 53, flows: 400, size: 60 },
          { weight: 30, l3: 'ipv4', l4: 'tcp', dstPort: 443, flows: 100, size: 90 },
        ],
      },
    },
  },
  start,
  steps: [
    {
      title: 'Read the driver',
      text: `The kernel accepts, the card does not. The refusal names a **function id**. Which number?`,
      question: { id: 'helper', text: 'Number of the function' },
      hints: ['It stands at the end of the refusal.', 'bpf_ktime_get_ns is the function.', '5'],
      checks: [
        {
          kind: 'answer',
          question: 'helper',
          equals: 5,
          tell: 'The refusal ends with "unsupported function id:" and the number.',
        },
      ],
    },
    {
      title: 'Without the clock',
      text: `The card's programs have no clock: the host can note the time when it reads the counter. Take the call out, and the line that stores what it gave.

A plain store into a map value would be refused next: fifty cores share it.`,
      hints: [
        'Two lines around the call and one store.',
        'Leave the map as it is.',
        'Delete: call bpf_ktime_get_ns, r9 = r0, and *(u64 *)(r0 + 8) = r9',
      ],
      checks: [
        {
          kind: 'same',
          as: change(change(change(start, CLOCK, ''), STORE, ''), 'r3 %= 16', 'r3 &= 15'),
          packets: 500,
          tell: 'It does not run on the card yet, or with other verdicts. Open the doctor for what is refused.',
        },
      ],
    },
    {
      title: 'Without the remainder',
      text: `The cores do not divide. For a power of two a remainder is the lowest bits: \`x % 16\` is \`x & 15\`.`,
      hints: ['Which instruction is refused with 0x97?', 'r3 %= 16', 'r3 &= 15'],
      checks: [
        { kind: 'accepted', by: 'device', tell: 'Still refused: read which instruction, and write it with "and".' },
      ],
    },
    {
      title: 'Nothing lost',
      text: `Every UDP packet is counted, and the verdicts are those of the program that you began with.`,
      hints: ['Is the counter still there?', 'lock … += r1 stays.', 'Compare with the first program line by line.'],
      checks: [
        {
          kind: 'map',
          packets: 500,
          map: 'states',
          key: '00000000',
          equals: { packets: { l3: 'ipv4', protocol: 17 } },
          tell: 'The counter does not give the number of UDP packets any more.',
        },
        { kind: 'same', packets: 500, tell: 'One packet ends differently; its number is above.' },
      ],
    },
  ],
  solution: { source: solution, answers },
  mistakes: [
    { source: solution, answers: { helper: '7' }, step: 0, tell: 'unsupported function id' },
    { source: change(start, CLOCK, ''), answers, step: 1, tell: 'does not run on the card yet' },
    { source: change(solution, 'r3 &= 15', 'r3 &= 7'), answers, step: 1, tell: 'with other verdicts' },
    {
      source: change(solution, '    lock *(u64 *)(r0 + 0) += r1       ; how many\n', ''),
      answers,
      step: 3,
      tell: 'counter does not give',
    },
  ],
}
