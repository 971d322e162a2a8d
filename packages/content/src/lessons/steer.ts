/** Lesson 8: choose the receive queue. */
import type { Lesson } from '@offload/session'
import { change } from './change'

const start = `; Choose the receive queue. At the moment everything goes to queue 0.
.prog xdp steer
    r6 = r1
    r7 = *(u32 *)(r6 + 0)             ; data
    r8 = *(u32 *)(r6 + 4)             ; data_end
    r2 = r7
    r2 += 54
    if r2 > r8 goto pass
    r1 = 0
    *(u32 *)(r6 + 16) = r1            ; rx_queue_index
pass:
    r0 = 2
    exit
`

const solution = `; Choose the receive queue: both directions in one, and by the inner addresses where there is a tunnel.
.prog xdp steer
    r6 = r1
    r7 = *(u32 *)(r6 + 0)             ; data
    r8 = *(u32 *)(r6 + 4)             ; data_end
    r2 = r7
    r2 += 54
    if r2 > r8 goto pass
    r1 = *(u32 *)(r7 + 26)            ; source and destination
    r2 = *(u32 *)(r7 + 30)
    r3 = *(u8 *)(r7 + 23)
    if r3 != 4 goto mix               ; not IPv4 in IPv4
    r1 = *(u32 *)(r7 + 46)            ; those inside
    r2 = *(u32 *)(r7 + 50)
mix:
    w1 ^= w2                          ; the same for both directions
    w2 = w1
    w2 >>= 16
    w1 ^= w2
    w2 = w1
    w2 >>= 8
    w1 ^= w2
    w1 &= 7
    *(u32 *)(r6 + 16) = r1            ; rx_queue_index
pass:
    r0 = 2
    exit
`

const there = { l3: 'ipv4' as const, l4: 'tcp' as const, size: 80, flows: 200, srcPort: 5000, dstPort: 443 }
const clients = { from: '203.0.113.1', count: 200 }
const bothWays = {
  seed: 41,
  rate: 3_000_000,
  kinds: [
    { ...there, weight: 1, src: clients, dst: '198.51.100.9' },
    { ...there, weight: 1, src: '198.51.100.9', dst: clients, srcPort: 443, dstPort: 5000 },
  ],
}
const tunnels = {
  seed: 42,
  rate: 3_000_000,
  kinds: [
    {
      weight: 1,
      l3: 'ipv4' as const,
      tunnel: 'ipip' as const,
      l4: 'tcp' as const,
      dstPort: 443,
      flows: 4000,
      outerFlows: 2,
      size: 100,
    },
  ],
}

export const steer: Lesson = {
  version: 1,
  id: 'steer',
  title: 'Steer with programmable RSS',
  goal: 'Choose the receive queue so that both directions of a conversation share one, and tunnels are spread by what is inside.',
  minutes: 20,
  demo: 'rss',
  session: { seed: 40, queues: 8, traffic: { kind: 'synthetic', spec: bothWays } },
  start,
  steps: [
    {
      title: 'Spread',
      text: `\`*(u32 *)(r6 + 16) = r1\` writes the receive queue; only a program on the card may. Make a number from 0 to 7 of the source and the destination address, four bytes each at 26 and 30.

No queue may have more than 60 % above the mean.`,
      hints: [
        'Combine both addresses, then keep the three lowest bits.',
        'Fold the upper bits down first: w2 = w1, w2 >>= 16, w1 ^= w2, and again by 8.',
        'w1 &= 7 at the end.',
      ],
      checks: [
        { kind: 'accepted', by: 'device', tell: 'The program must be accepted. Read the line under the editor.' },
        {
          kind: 'queues',
          packets: 3000,
          imbalance: 60,
          tell: 'The queues are uneven: do upper bits of the addresses reach the three lowest bits?',
        },
      ],
    },
    {
      title: 'Both directions together',
      text: `A packet and its answer have source and destination exchanged. For both to land in one queue, the number must not depend on which is which: **exclusive or** does not.`,
      hints: [
        'Is a ^ b the same as b ^ a? Is a - b?',
        'No multiplication of one of the two.',
        'w1 ^= w2 and nothing before it.',
      ],
      checks: [
        {
          kind: 'queues',
          packets: 3000,
          symmetric: true,
          tell: 'The two directions land in different queues: combine the addresses in a way that does not care for their order.',
        },
      ],
    },
    {
      title: 'Look inside tunnels',
      text: `Between two tunnel ends all packets have the same outer addresses. Protocol 4, at offset 23, means that another IPv4 header follows: take the addresses from there, at 46 and 50.

No queue may have more than 20 % above the mean.`,
      hints: [
        'One byte load and one comparison.',
        'Load the inner addresses into the same two registers.',
        'if r3 != 4 goto mix, then the two loads at 46 and 50.',
      ],
      checks: [
        {
          kind: 'queues',
          packets: 4000,
          traffic: tunnels,
          imbalance: 20,
          tell: 'With tunnels the queues are uneven: use the inner addresses where the protocol is 4.',
        },
      ],
    },
    {
      title: 'Everything passes',
      text: `Steering must not drop or abort anything.`,
      hints: ['Every path ends with r0 = 2.', 'Too short packets as well.', 'Look at the counters.'],
      checks: [{ kind: 'counter', packets: 1000, counter: 'passed', min: 1000, tell: 'Some packets do not pass.' }],
    },
  ],
  solution: { source: solution },
  mistakes: [
    { source: change(solution, 'w1 &= 7', 'w1 &= 3'), step: 0, tell: 'The queues are uneven' },
    {
      source: change(
        solution,
        'w1 ^= w2                          ; the',
        'w1 <<= 1\n    w1 += w2                          ; the',
      ),
      step: 1,
      tell: 'different queues',
    },
    { source: change(solution, 'if r3 != 4 goto mix', 'goto mix'), step: 0, tell: 'must be accepted' },
    {
      source: change(solution, 'if r3 != 4 goto mix', 'if r3 != 47 goto mix'),
      step: 2,
      tell: 'use the inner addresses',
    },
  ],
}
