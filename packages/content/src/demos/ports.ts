/** One program on two ports, one map for both. */
import type { Demo } from '../demo'

const source = `; A histogram of packet lengths over all ports: the program runs on each, the map is one.
.license GPL
.file "ports.c"
.map lengths array key u32 value u64 max 64

.prog xdp histogram
    r6 = *(u32 *)(r1 + ctx.data)      ; @11
    r7 = *(u32 *)(r1 + ctx.data_end)
    r7 -= r6                          ; length
    r7 >>= 5                          ; in steps of 32 bytes @12
    if r7 < 64 goto count             ; @15
    r7 = 63                           ; the last bar holds all that is longer @16
count:
    *(u32 *)(r10 - 4) = r7            ; @17
    r1 = lengths ll
    r2 = r10
    r2 += -4
    call bpf_map_lookup_elem
    if r0 == 0 goto pass              ; @18
    r1 = 1                            ; @19
    lock *(u64 *)(r0 + 0) += r1
pass:
    r0 = XDP_PASS                     ; @20
    exit
`

const c = `struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __type(key, __u32);
    __type(value, __u64);
    __uint(max_entries, 64);
} lengths SEC(".maps");

SEC("xdp")
int histogram(struct xdp_md *ctx)
{
    __u64 length = ctx->data_end - ctx->data;
    __u32 bar = length >> 5;
    __u64 *count;

    if (bar > 63)
        bar = 63;
    count = bpf_map_lookup_elem(&lengths, &bar);
    if (count)
        __sync_fetch_and_add(count, 1);
    return XDP_PASS;
}
`

export const ports: Demo = {
  id: 'ports',
  title: 'Two ports, one map',
  shows: 'Sharing a program and its map across interfaces',
  sentence: 'Both ports run the same program and count into the same map: a histogram of packet lengths.',
  story: `The card has two ports, and each has its own window in the cores' code memory. The program is loaded once and attached to both; the driver relocates its words for each window.

The map belongs to the card, not to a port. Cores that serve port 0 and cores that serve port 1 add to the same counters, and the host reads one histogram of everything the card receives.

Port 0 gets many short packets here, port 1 fewer and longer ones: the two humps in the map are the two ports.`,
  source,
  c,
  hint: {
    line: 'r7 >>= 5',
    from: '5',
    to: '6',
    text: 'Change 5 to 6: bars of 64 bytes.',
  },
  tries: [
    'Send to port 0 only: in Traffic, take port 1 away',
    'Drop what is longer than 1024 bytes',
    'Count bytes instead of packets: keep the length in r8 and add it',
  ],
  session: {
    seed: 15,
    traffic: {
      kind: 'synthetic',
      spec: {
        seed: 15,
        rate: 5_000_000,
        ports: [0, 1],
        kinds: [
          {
            weight: 70,
            l3: 'ipv4',
            l4: 'udp',
            dstPort: 53,
            flows: 500,
            size: [
              [60, 3],
              [130, 1],
            ],
            port: 0,
          },
          {
            weight: 30,
            l3: 'ipv4',
            l4: 'tcp',
            dstPort: 443,
            flows: 500,
            size: [
              [590, 1],
              [1290, 2],
            ],
            port: 1,
          },
        ],
      },
    },
  },
  expected: {
    runs: true,
    packets: 1000,
    outcomes: { passed: 1000 },
    maps: {
      lengths: {
        '12000000': '6e00000000000000',
        '28000000': 'b700000000000000',
        '01000000': '0f02000000000000',
        '04000000': 'b400000000000000',
      },
    },
    words: 61,
  },
}
