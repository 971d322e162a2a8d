/** The default demo: count IPv4 packets by protocol, drop UDP to one port. */
import type { Demo } from '../demo'

const source = `; Count IPv4 packets by protocol; drop UDP packets to one port on the card.
.file "flood.c"
.license GPL
.struct counter { packets u64; bytes u64 }
.map counts array key u32 value counter max 256

.prog xdp flood
    r7 = *(u32 *)(r1 + 0)             ; data @13
    r8 = *(u32 *)(r1 + 4)             ; data_end @14
    r2 = r7                           ; @18
    r2 += 42
    if r2 > r8 goto pass              ; shorter than Ethernet + IPv4 + UDP
    r3 = *(u16 *)(r7 + 12)            ; EtherType @20
    if r3 != 8 goto pass              ; 0x0800 in network order: IPv4
    r9 = *(u8 *)(r7 + 23)             ; protocol @23
    *(u32 *)(r10 - 4) = r9            ; @24
    r1 = counts ll
    r2 = r10
    r2 += -4
    call bpf_map_lookup_elem
    if r0 == 0 goto pass              ; @25
    r1 = 1                            ; @27
    lock *(u64 *)(r0 + 0) += r1       ; packets
    r1 = r8                           ; @28
    r1 -= r7
    lock *(u64 *)(r0 + 8) += r1       ; bytes
    if r9 != 17 goto pass             ; not UDP @30
    r3 = *(u16 *)(r7 + 36)            ; destination port @32
    r3 = be16 r3
    if r3 != 53 goto pass             ; the port under attack
    r0 = 1                            ; XDP_DROP @34
    exit
pass:
    r0 = 2                            ; XDP_PASS @19
    exit
`

const c = `struct counter { __u64 packets; __u64 bytes; };

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __type(key, __u32);
    __type(value, struct counter);
    __uint(max_entries, 256);
} counts SEC(".maps");

SEC("xdp")
int flood(struct xdp_md *ctx)
{
    unsigned char *data = (void *)(long)ctx->data;
    unsigned char *data_end = (void *)(long)ctx->data_end;
    struct counter *counter;
    __u32 protocol;

    if (data + 42 > data_end)
        return XDP_PASS;
    if (*(__u16 *)(data + 12) != bpf_htons(ETH_P_IP))
        return XDP_PASS;

    protocol = data[23];
    counter = bpf_map_lookup_elem(&counts, &protocol);
    if (!counter)
        return XDP_PASS;
    __sync_fetch_and_add(&counter->packets, 1);
    __sync_fetch_and_add(&counter->bytes, data_end - data);

    if (protocol != IPPROTO_UDP)
        return XDP_PASS;
    if (bpf_ntohs(*(__u16 *)(data + 36)) != 53)
        return XDP_PASS;
    return XDP_DROP;
}
`

export const flood: Demo = {
  id: 'flood',
  title: 'UDP flood counter',
  shows: 'Maps, atomic counters, verdicts',
  sentence:
    'A network card runs this program on every packet: it counts them by protocol and drops a UDP flood before the host sees it.',
  story: `Somebody floods port 53 with UDP packets. On a server the kernel would have to look at each of them; here the card does, on fifty small cores, and the host only gets what is left.

For each IPv4 packet the program reads the protocol byte, looks up a counter in a map that lives in the card's memory, and adds to it atomically: many cores add to the same counter at the same time and none of the additions is lost.

Packets for the attacked port are dropped, all others go on to the host.`,
  source,
  c,
  hint: {
    line: 'if r3 != 53 goto pass',
    from: '53',
    to: '80',
    text: 'Change 53 to 80 and watch the graph: another port is dropped.',
  },
  tries: [
    'Drop everything that is UDP: delete the line with 53',
    'Count by time to live: read byte 22 instead of 23',
    'See the words that the card runs: open JIT',
  ],
  session: {
    seed: 42,
    traffic: {
      kind: 'synthetic',
      spec: {
        seed: 42,
        rate: 12_000_000,
        kinds: [
          { weight: 60, l3: 'ipv4', l4: 'udp', dstPort: 53, flows: 4000, size: 60 },
          { weight: 14, l3: 'ipv4', l4: 'udp', dstPort: 80, flows: 200, size: 60 },
          {
            weight: 6,
            l3: 'ipv4',
            l4: 'udp',
            dstPort: 443,
            flows: 200,
            size: [
              [60, 2],
              [300, 1],
            ],
          },
          {
            weight: 15,
            l3: 'ipv4',
            l4: 'tcp',
            dstPort: 443,
            flows: 500,
            size: [
              [60, 3],
              [590, 1],
            ],
          },
          { weight: 3, l3: 'ipv4', l4: 'icmp', flows: 20, size: 98 },
          { weight: 2, l3: 'arp', flows: 10, size: 60 },
        ],
      },
    },
  },
  expected: {
    runs: true,
    packets: 1000,
    outcomes: { passed: 379, dropped: 621 },
    maps: {
      counts: {
        '11000000': '230300000000000024cc000000000000',
        '01000000': '1d000000000000001a0b000000000000',
        '06000000': '8e00000000000000be69000000000000',
      },
    },
    words: 101,
  },
}
