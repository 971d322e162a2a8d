/** Lesson 7: push a header and pop one. */
import type { Lesson } from '@offload/session'
import { change } from './change'

const start = `; Put a VLAN tag (802.1Q, VLAN 7) on every packet that has none, and send it back.
.prog xdp tagger
    r6 = r1
    r7 = *(u32 *)(r6 + 0)             ; data
    r8 = *(u32 *)(r6 + 4)             ; data_end
    r2 = r7
    r2 += 18
    if r2 > r8 goto pass
    r3 = *(u16 *)(r7 + 12)
    r3 = be16 r3
pass:
    r0 = 2
    exit
`

const solution = `; Put a VLAN tag (802.1Q, VLAN 7) on packets that have none, take it off those that have, and send them back.
.prog xdp tagger
    r6 = r1
    r7 = *(u32 *)(r6 + 0)             ; data
    r8 = *(u32 *)(r6 + 4)             ; data_end
    r2 = r7
    r2 += 18
    if r2 > r8 goto pass
    r3 = *(u16 *)(r7 + 12)
    r3 = be16 r3
    if r3 == 0x8100 goto pop

    r1 = r6
    r2 = -4
    call bpf_xdp_adjust_head          ; four bytes in front
    if r0 != 0 goto pass
    r7 = *(u32 *)(r6 + 0)
    r8 = *(u32 *)(r6 + 4)
    r2 = r7
    r2 += 18
    if r2 > r8 goto pass
    r1 = *(u32 *)(r7 + 4)             ; the addresses move forward
    r2 = *(u32 *)(r7 + 8)
    r3 = *(u32 *)(r7 + 12)
    *(u32 *)(r7 + 0) = r1
    *(u32 *)(r7 + 4) = r2
    *(u32 *)(r7 + 8) = r3
    r1 = 0x81000007
    r1 = be32 r1
    *(u32 *)(r7 + 12) = r1            ; tag protocol, VLAN 7
    r0 = 3
    exit

pop:
    r1 = *(u32 *)(r7 + 0)             ; the addresses move back, last word first
    r2 = *(u32 *)(r7 + 4)
    r3 = *(u32 *)(r7 + 8)
    *(u32 *)(r7 + 12) = r3
    *(u32 *)(r7 + 8) = r2
    *(u32 *)(r7 + 4) = r1
    r1 = r6
    r2 = 4
    call bpf_xdp_adjust_head
    r0 = 3
    exit
pass:
    r0 = 2
    exit
`

const kind = { l3: 'ipv4' as const, l4: 'udp' as const, dstPort: 53, flows: 50, size: 80, payload: 'counting' as const }
const tagged = { seed: 39, rate: 2_000_000, kinds: [{ ...kind, weight: 1, vlan: 7 }] }
const untagged = { seed: 39, rate: 2_000_000, kinds: [{ ...kind, weight: 1 }] }

export const changePacket: Lesson = {
  version: 1,
  id: 'change-packet',
  title: 'Change the packet',
  goal: 'Push a header in front of a packet and pop it again, with all bytes in their place.',
  minutes: 20,
  demo: 'l4lb',
  session: {
    seed: 38,
    traffic: {
      kind: 'synthetic',
      spec: {
        seed: 38,
        rate: 2_000_000,
        kinds: [
          { ...kind, weight: 60 },
          { ...kind, weight: 40, vlan: 7 },
        ],
      },
    },
  },
  start,
  steps: [
    {
      title: 'Room in front',
      text: `\`bpf_xdp_adjust_head(ctx, -4)\` makes four bytes in front of the packet. Keep the context in \`r6\`: the call overwrites \`r1\` to \`r5\`.

All packet pointers are void afterwards. Load both again and compare again. Then send the packet back with verdict 3. (The bytes come next; here only the length counts.)`,
      hints: [
        'r1 = r6, r2 = -4, the call.',
        'Then the same five lines as at the top.',
        'Untagged packets must leave four bytes longer: exit with 3 after the call.',
      ],
      checks: [
        {
          kind: 'accepted',
          by: 'device',
          tell: 'The program must be accepted. After adjust_head load data and data_end again.',
        },
        {
          kind: 'outcome',
          packets: 200,
          traffic: untagged,
          is: 'tx',
          tell: 'Untagged packets must be sent back: verdict 3.',
        },
      ],
    },
    {
      title: 'The tag in its place',
      text: `Ethernet addresses come first, then the tag: the twelve bytes of the addresses move **four bytes forward**, then \`81 00 00 07\` goes behind them.`,
      hints: [
        'Three words from offsets 4, 8 and 12 to 0, 4 and 8. Load all of them before you store.',
        'The tag as one word: be32 of 0x81000007.',
        '*(u32 *)(r7 + 12) = r1 stores the tag.',
      ],
      checks: [
        {
          kind: 'same',
          packets: 200,
          traffic: untagged,
          tell: 'Untagged packets must leave with the tag behind both addresses: look at the first bytes of one.',
        },
      ],
    },
    {
      title: 'Pop it',
      text: `Packets that have the tag lose it: move the addresses four bytes **back**, then \`bpf_xdp_adjust_head(ctx, 4)\`.`,
      hints: [
        'EtherType 0x8100 says that a tag is there.',
        'Load three words first, store them four bytes further.',
        'Adjust after the move: the pointers are void afterwards.',
      ],
      checks: [
        {
          kind: 'same',
          packets: 200,
          traffic: tagged,
          tell: 'Tagged packets must leave without the tag and otherwise as they came.',
        },
      ],
    },
    {
      title: 'Both',
      text: `Mixed traffic: tagged packets leave plain, plain packets leave tagged, all of them by the port they came from.`,
      hints: [
        'Compare the two packets in the list.',
        'One path must not fall into the other.',
        'Each path ends with its own exit.',
      ],
      checks: [
        { kind: 'same', packets: 500, tell: 'One packet leaves with other bytes; its number is above.' },
        { kind: 'counter', packets: 500, counter: 'aborted', max: 0, tell: 'Some packets are aborted.' },
      ],
    },
  ],
  solution: { source: solution },
  mistakes: [
    {
      source: change(
        solution,
        '*(u32 *)(r7 + 0) = r1\n    *(u32 *)(r7 + 4) = r2\n    *(u32 *)(r7 + 8) = r3\n    r1 = 0x81000007',
        'r1 = 0x81000007',
      ),
      step: 1,
      tell: 'tag behind both addresses',
    },
    { source: change(solution, '    r2 = 4\n', '    r2 = 8\n'), step: 2, tell: 'without the tag' },
    {
      source: change(
        solution,
        '    r7 = *(u32 *)(r6 + 0)\n    r8 = *(u32 *)(r6 + 4)\n    r2 = r7\n    r2 += 18\n    if r2 > r8 goto pass\n    r1 = *(u32 *)(r7 + 4)',
        '    r1 = *(u32 *)(r7 + 4)',
      ),
      step: 0,
      tell: 'load data and data_end again',
    },
  ],
}
