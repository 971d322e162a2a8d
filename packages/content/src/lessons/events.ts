/** Lesson 9: a sample of the packets to user space. */
import type { Lesson } from '@offload/session'
import { change } from './change'

const start = `; Send a sample of the packets to user space. At the moment nothing is sent.
.map events perf_event_array key u32 value u32 max 8

.prog xdp sample
    r6 = r1
    r7 = *(u32 *)(r6 + 0)             ; data
    r8 = *(u32 *)(r6 + 4)             ; data_end
    r8 -= r7                          ; length
    r0 = 2
    exit
`

const solution = `; Send one packet in 16 to user space: its length and its first 64 bytes.
.map events perf_event_array key u32 value u32 max 8

.prog xdp sample
    r6 = r1
    r7 = *(u32 *)(r6 + 0)             ; data
    r8 = *(u32 *)(r6 + 4)             ; data_end
    r8 -= r7                          ; length
    call bpf_get_prandom_u32
    r0 &= 15
    if r0 != 0 goto pass              ; fifteen of sixteen
    *(u32 *)(r10 - 8) = r8            ; length
    r1 = 0
    *(u32 *)(r10 - 4) = r1
    if r8 < 65 goto short
    r8 = 64
short:
    r3 = r8
    r3 <<= 32                         ; bytes of the packet to append
    r1 = 0xffffffff ll                ; BPF_F_CURRENT_CPU
    r3 |= r1
    r1 = r6
    r2 = events ll
    r4 = r10
    r4 += -8
    r5 = 8
    call bpf_perf_event_output
pass:
    r0 = 2
    exit
`

const packets = 8000

export const eventsLesson: Lesson = {
  version: 1,
  id: 'events',
  title: 'Events to user space',
  goal: 'Send one packet in sixteen to the host as an event, without losing any.',
  minutes: 15,
  demo: 'sampler',
  session: {
    seed: 43,
    traffic: {
      kind: 'synthetic',
      spec: {
        seed: 43,
        rate: 1_000_000,
        kinds: [
          {
            weight: 1,
            l3: 'ipv4',
            l4: 'udp',
            dstPort: 53,
            flows: 200,
            size: [
              [60, 1],
              [300, 1],
            ],
            payload: 'counting',
          },
        ],
      },
    },
  },
  start,
  steps: [
    {
      title: 'An event',
      text: `\`bpf_perf_event_output\` takes the context in \`r1\`, the map in \`r2\`, flags in \`r3\`, the data in \`r4\` and its size in \`r5\`.

Send eight bytes from the stack for **every** packet at first; any number of events will do here. The lower half of the flags must be the constant \`0xffffffff\`, which needs the wide load \`r3 = 0xffffffff ll\`.`,
      hints: [
        'Write the eight bytes first: two stores of four bytes each.',
        'r4 = r10, r4 += -8, r5 = 8.',
        'r1 = r6 before the call.',
      ],
      checks: [
        {
          kind: 'accepted',
          by: 'device',
          tell: 'The program must be accepted. Are all five arguments set, and all eight bytes written?',
        },
        { kind: 'counter', packets: 500, counter: 'events', min: 1, tell: 'No event arrives: is the call reached?' },
      ],
    },
    {
      title: 'One in sixteen',
      text: `\`bpf_get_prandom_u32\` gives a random number in \`r0\`. Keep its lowest four bits and go on only where they are zero.

Of 8 000 packets 500 are expected; 5 % more or fewer is chance.`,
      hints: ['The call overwrites r1 to r5: keep the context in r6.', 'r0 &= 15', 'if r0 != 0 goto pass'],
      checks: [
        {
          kind: 'counter',
          packets,
          counter: 'events',
          min: 460,
          max: 540,
          tell: 'That is not one packet in sixteen: which bits of the random number do you keep?',
        },
      ],
    },
    {
      title: 'None lost',
      text: `Where events come faster than the host takes them, some are lost. One in sixteen at a million packets a second must arrive complete, and every packet passes.`,
      hints: [
        'Fewer events, or shorter ones.',
        'Cut the packet at 64 bytes.',
        'Look at the list of events: it says where some are missing.',
      ],
      checks: [
        {
          kind: 'counter',
          packets,
          counter: 'eventsLost',
          max: 0,
          tell: 'Events are lost: send fewer or shorter ones.',
        },
        { kind: 'counter', packets, counter: 'passed', min: packets, tell: 'A sampler lets every packet pass.' },
      ],
    },
    {
      title: 'Cheap',
      text: `Fifteen of sixteen packets should cost next to nothing: draw the number **before** anything else is done. On average **at most 40 words a packet**.`,
      hints: [
        'What is done before the jump to pass is done for all packets.',
        'Prepare the event behind the jump.',
        'Only the length has to be known before.',
      ],
      checks: [
        { kind: 'cost', packets, max: 40, tell: 'Too many words a packet: draw first, prepare the event afterwards.' },
      ],
    },
  ],
  solution: { source: solution },
  mistakes: [
    { source: change(solution, 'r0 &= 15', 'r0 &= 7'), step: 1, tell: 'not one packet in sixteen' },
    { source: change(solution, 'r5 = 8', 'r5 = 16'), step: 0, tell: 'must be accepted' },
    {
      source: change(
        solution,
        '    call bpf_perf_event_output\n',
        '    call bpf_perf_event_output\n    r0 = 1\n    exit\n',
      ),
      step: 2,
      tell: 'lets every packet pass',
    },
  ],
}
