/** Lesson 6: lost updates, and the cure. */
import type { Lesson } from '@offload/session'
import { change } from './change'

const start = `; Sum the bytes of all packets. It reads, adds and writes back; fifty cores do so at the same time.
.struct total { packets u64; bytes u64 }
.map sum hash key u32 value total max 4

.prog xdp sum
    r7 = *(u32 *)(r1 + 0)             ; data
    r8 = *(u32 *)(r1 + 4)             ; data_end
    r8 -= r7                          ; length
    r1 = 0
    *(u32 *)(r10 - 4) = r1
    r1 = sum ll
    r2 = r10
    r2 += -4
    call bpf_map_lookup_elem
    if r0 == 0 goto pass
    r1 = *(u64 *)(r0 + 0)
    r1 += 1
    *(u64 *)(r10 - 24) = r1           ; packets
    r1 = *(u64 *)(r0 + 8)
    r1 += r8
    *(u64 *)(r10 - 16) = r1           ; bytes
    r1 = sum ll
    r2 = r10
    r2 += -4
    r3 = r10
    r3 += -24
    r4 = 0
    call bpf_map_update_elem
pass:
    r0 = 2
    exit
`

const solution = `; Sum the bytes of all packets: the memory adds, no core reads what another is about to change.
.struct total { packets u64; bytes u64 }
.map sum hash key u32 value total max 4

.prog xdp sum
    r7 = *(u32 *)(r1 + 0)             ; data
    r8 = *(u32 *)(r1 + 4)             ; data_end
    r8 -= r7                          ; length
    r1 = 0
    *(u32 *)(r10 - 4) = r1
    r1 = sum ll
    r2 = r10
    r2 += -4
    call bpf_map_lookup_elem
    if r0 == 0 goto pass
    r1 = 1
    lock *(u64 *)(r0 + 0) += r1
    lock *(u64 *)(r0 + 8) += r8
pass:
    r0 = 2
    exit
`

const packets = 2000

export const atomics: Lesson = {
  version: 1,
  id: 'atomics',
  title: 'Locks and atomics',
  goal: 'See additions get lost between cores, then let the memory add.',
  minutes: 15,
  session: {
    seed: 37,
    entries: [{ map: 'sum', key: '00000000', value: '00'.repeat(16) }],
    traffic: {
      kind: 'synthetic',
      spec: {
        seed: 37,
        rate: 8_000_000,
        kinds: [
          {
            weight: 1,
            l3: 'ipv4',
            l4: 'udp',
            dstPort: 53,
            flows: 500,
            size: [
              [60, 3],
              [590, 1],
            ],
          },
        ],
      },
    },
  },
  start,
  steps: [
    {
      title: 'What is missing',
      text: `The program counts packets and bytes by reading an entry, adding, and writing it back. Let it run and stop it: compare \`packets\` in the map with the packets received.

Are there more, the same, or fewer in the map?`,
      question: { id: 'count', text: 'In the map there are', choices: ['more', 'the same', 'fewer'] },
      hints: ['Two cores read the same number. Both add one. Both write.', 'What one of them added is gone.', 'fewer'],
      checks: [
        {
          kind: 'answer',
          question: 'count',
          equals: 'fewer',
          tell: 'Run some thousand packets, pause, and compare the two numbers.',
        },
      ],
    },
    {
      title: 'Let the memory add',
      text: `\`lock *(u64 *)(r0 + 0) += r1\` sends the addition to the memory, which carries it out as one piece. Replace reading, adding and writing back by it, for packets.`,
      hints: [
        'r0 points to the value: use it directly.',
        'r1 = 1, then lock … += r1 at offset 0.',
        'No bpf_map_update_elem is needed any more.',
      ],
      checks: [
        {
          kind: 'accepted',
          by: 'device',
          tell: 'The program must be accepted. A word is either added to atomically or written, never both.',
        },
        {
          kind: 'map',
          packets,
          map: 'sum',
          key: '00000000',
          equals: { packets: {} },
          tell: 'Packets are still lost (or counted twice): add with lock, once for each packet.',
        },
      ],
    },
    {
      title: 'Bytes too',
      text: `The second number in the value, at offset 8, is the sum of the lengths.`,
      hints: [
        'The length is in r8.',
        'The same line with offset 8 and another register.',
        'lock *(u64 *)(r0 + 8) += r8',
      ],
      checks: [
        {
          kind: 'map',
          packets,
          map: 'sum',
          key: '00000000',
          offset: 8,
          equals: { bytes: {} },
          tell: 'The sum of the lengths is not right: end minus start, added at offset 8.',
        },
      ],
    },
    {
      title: 'And faster',
      text: `An update of a hash entry takes a lock on its bucket, and the other cores wait. The atomic addition needs none. The program may now run **at most 80 words for a packet**, and nothing is lost at eight million packets a second.`,
      hints: [
        'Is the update still there?',
        'One look-up is enough.',
        'Delete everything between the additions and "pass".',
      ],
      checks: [
        {
          kind: 'cost',
          packets,
          max: 80,
          tell: 'Too many words for a packet: is there still an update, or a second look-up?',
        },
        {
          kind: 'counter',
          packets: 4000,
          counter: 'lost',
          max: 0,
          tell: 'Packets are lost at this rate: the program waits too long for each.',
        },
      ],
    },
  ],
  solution: { source: solution, answers: { count: 'fewer' } },
  mistakes: [
    { source: start, answers: { count: 'fewer' }, step: 1, tell: 'still lost' },
    {
      source: change(solution, '    lock *(u64 *)(r0 + 8) += r8\n', ''),
      answers: { count: 'fewer' },
      step: 2,
      tell: 'sum of the lengths',
    },
    { source: solution, answers: { count: 'the same' }, step: 0, tell: 'compare the two numbers' },
  ],
}
