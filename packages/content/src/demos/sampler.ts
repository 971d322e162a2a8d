/** Packet sampler: one packet in 64 goes to the host as a perf event, the rest pass untouched. */
import type { Demo } from '../demo'

const source = `; Send one packet in 64 to the host as an event: its length, a random number, and its first bytes.
.file "sampler.c"
.license GPL
.struct sample { length u32; random u32 }
.map events perf_event_array key u32 value u32 max 8

.prog xdp sampler
    r6 = r1                           ; @11
    r7 = *(u32 *)(r1 + 0)             ; data @13
    r8 = *(u32 *)(r1 + 4)             ; data_end
    r8 -= r7                          ; length
    call bpf_get_prandom_u32          ; @16
    r9 = r0
    r0 &= 63                          ; one in 64 @17
    if r0 != 0 goto pass
    *(u32 *)(r10 - 8) = r8            ; sample.length @19
    *(u32 *)(r10 - 4) = r9            ; sample.random @16
    if r8 < 129 goto take             ; @20
    r8 = 128                          ; at most 128 bytes of the packet @21
take:
    r3 = r8                           ; @22
    r3 <<= 32                         ; upper half: bytes of the packet to append
    r1 = 0xffffffff ll                ; lower half: BPF_F_CURRENT_CPU
    r3 |= r1
    r1 = r6
    r2 = events ll
    r4 = r10
    r4 += -8
    r5 = 8
    call bpf_perf_event_output
pass:
    r0 = 2                            ; XDP_PASS @23
    exit
`

const c = `struct sample { __u32 length; __u32 random; };

struct {
    __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
    __uint(key_size, 4);
    __uint(value_size, 4);
    __uint(max_entries, 8);
} events SEC(".maps");

SEC("xdp")
int sampler(struct xdp_md *ctx)
{
    __u64 length = ctx->data_end - ctx->data;
    struct sample sample;

    sample.random = bpf_get_prandom_u32();
    if (sample.random & 63)
        return XDP_PASS;
    sample.length = length;
    if (length > 128)
        length = 128;
    bpf_perf_event_output(ctx, &events, length << 32 | BPF_F_CURRENT_CPU, &sample, sizeof(sample));
    return XDP_PASS;
}
`

export const sampler: Demo = {
  id: 'sampler',
  title: 'Packet sampler',
  shows: 'Random numbers, perf events',
  sentence: 'One packet in 64 is copied to the host as an event; all packets pass untouched.',
  story: `Looking at every packet of a fast link is too much for a host; looking at some of them is enough for most questions. The program draws a random number for each packet on the card and sends an event for one in 64.

An event carries eight bytes of its own, the packet's length and the random number, and up to 128 bytes from the start of the packet. The events can be read here and saved as a capture file.

When events come faster than the host takes them, some are lost; the list says where.`,
  source,
  c,
  hint: { line: 'r0 &= 63', from: '63', to: '7', text: 'Change 63 to 7: one packet in eight becomes an event.' },
  tries: [
    'Open an event: its bytes and its layers',
    'Save the events as a pcap file and open it in Wireshark',
    'Sample only long packets: add "if r8 < 300 goto pass"',
  ],
  session: {
    seed: 3,
    traffic: {
      kind: 'synthetic',
      spec: {
        seed: 3,
        rate: 4_000_000,
        kinds: [
          { weight: 30, l3: 'ipv4', l4: 'udp', dstPort: 53, flows: 300, size: 78 },
          {
            weight: 50,
            l3: 'ipv4',
            l4: 'tcp',
            dstPort: 443,
            flows: 800,
            size: [
              [60, 7],
              [590, 4],
              [1514, 1],
            ],
          },
          {
            weight: 15,
            l3: 'ipv6',
            l4: 'tcp',
            dstPort: 443,
            flows: 300,
            size: [
              [78, 2],
              [1514, 1],
            ],
          },
          { weight: 4, l3: 'ipv4', l4: 'icmp', flows: 40, size: 98 },
          { weight: 1, l3: 'arp', flows: 10, size: 60 },
        ],
      },
    },
  },
  expected: {
    runs: true,
    packets: 1000,
    outcomes: { passed: 1000 },
    events: 20,
    words: 69,
  },
}
