/** xdpdump: packets that match a filter in a map go to user space whole, with a typed header of their own. */
import type { Demo } from '../demo'

const source = `; Copy the packets that match the host's filter to user space, each with a header that says what was cut.
.license GPL
.file "xdpdump.c"
.struct rule { protocol u32; port u32; snap u32 }
.struct meta { length u32; captured u32; protocol u32; port u32 }
.map filter array key u32 value rule max 1
.map events perf_event_array key u32 value u32 max 8

.prog xdp xdpdump
    r6 = r1                           ; @19
    r7 = *(u32 *)(r1 + ctx.data)      ; @21
    r8 = *(u32 *)(r1 + ctx.data_end)  ; @22
    r2 = r7                           ; @31
    r2 += 38
    if r2 > r8 goto pass              ; shorter than Ethernet + IPv4 + ports
    r3 = *(u16 *)(r7 + 12)            ; @33
    r3 = be16 r3
    if r3 != ETH_P_IP goto pass
    r3 = *(u8 *)(r7 + 14)
    if r3 != 0x45 goto pass           ; options: the ports are elsewhere
    r8 -= r7                          ; @35
    *(u32 *)(r10 - 16) = r8           ; meta.length
    r3 = *(u8 *)(r7 + 23)             ; @36
    *(u32 *)(r10 - 8) = r3            ; meta.protocol
    r3 = *(u16 *)(r7 + 36)            ; @37
    r3 = be16 r3
    *(u32 *)(r10 - 4) = r3            ; meta.port: the destination's

    r1 = 0
    *(u32 *)(r10 - 20) = r1
    r1 = filter ll                    ; @39
    r2 = r10
    r2 += -20
    call bpf_map_lookup_elem
    if r0 == 0 goto pass              ; @40
    r1 = *(u32 *)(r0 + rule.protocol) ; @42
    if r1 == 0 goto port              ; 0 matches all
    r2 = *(u32 *)(r10 - 8)
    if r1 != r2 goto pass
port:
    r1 = *(u32 *)(r0 + rule.port)     ; @44
    if r1 == 0 goto take
    r2 = *(u32 *)(r10 - 4)
    if r1 != r2 goto pass
take:
    r1 = *(u32 *)(r0 + rule.snap)     ; @47
    if r8 < r1 goto whole
    r8 = r1
whole:
    *(u32 *)(r10 - 12) = r8           ; meta.captured @49
    r3 = r8                           ; @50
    r3 <<= 32                         ; upper half: bytes of the packet to append
    r1 = BPF_F_CURRENT_CPU ll
    r3 |= r1
    r1 = r6
    r2 = events ll
    r4 = r10
    r4 += -16
    r5 = sizeof(meta)
    call bpf_perf_event_output
pass:
    r0 = XDP_PASS                     ; @32
    exit
`

const c = `struct rule { __u32 protocol, port, snap; };
struct meta { __u32 length, captured, protocol, port; };

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __type(key, __u32);
    __type(value, struct rule);
    __uint(max_entries, 1);
} filter SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
    __uint(key_size, 4);
    __uint(value_size, 4);
    __uint(max_entries, 8);
} events SEC(".maps");

SEC("xdp")
int xdpdump(struct xdp_md *ctx)
{
    void *data = (void *)(long)ctx->data;
    void *data_end = (void *)(long)ctx->data_end;
    struct ethhdr *eth = data;
    struct iphdr *ip = data + sizeof(*eth);
    struct udphdr *udp = (void *)(ip + 1);
    __u64 captured = data_end - data;
    __u32 zero = 0;
    struct rule *rule;
    struct meta meta;

    if (data + 38 > data_end)
        return XDP_PASS;
    if (eth->h_proto != bpf_htons(ETH_P_IP) || *(__u8 *)ip != 0x45)
        return XDP_PASS;
    meta.length = captured;
    meta.protocol = ip->protocol;
    meta.port = bpf_ntohs(udp->dest);

    rule = bpf_map_lookup_elem(&filter, &zero);
    if (!rule)
        return XDP_PASS;
    if (rule->protocol && rule->protocol != meta.protocol)
        return XDP_PASS;
    if (rule->port && rule->port != meta.port)
        return XDP_PASS;

    if (captured > rule->snap)
        captured = rule->snap;
    meta.captured = captured;
    bpf_perf_event_output(ctx, &events, captured << 32 | BPF_F_CURRENT_CPU, &meta, sizeof(meta));
    return XDP_PASS;
}
`

export const xdpdump: Demo = {
  id: 'xdpdump',
  title: 'xdpdump',
  shows: 'Perf events, filter in a map, typed header, capture file',
  sentence: 'A capture filter on the card: matching packets are copied to user space, all packets go on untouched.',
  story: `tcpdump on the host sees nothing of what a card drops or sends back. This program copies packets where they arrive.

What is copied is said by the map "filter": a protocol, a destination port, and how many bytes of each packet. Zero for protocol or port matches all. Each event starts with four numbers, the type "meta", then come the bytes of the packet.

The helper takes the number of bytes in the upper half of its flags. The lower half must be BPF_F_CURRENT_CPU, a constant that the driver insists on: the card knows no processors, so the host spreads the events itself.`,
  source,
  c,
  hint: {
    line: 'r3 = *(u16 *)(r7 + 36)',
    from: '36',
    to: '34',
    text: 'Change 36 to 34: the filter looks at the source port.',
  },
  tries: [
    'Set filter.port to 443 while traffic runs: other packets are copied',
    'Set filter.snap to 42: only the headers',
    'Save the events as a pcap file and open it in Wireshark',
  ],
  session: {
    seed: 9,
    entries: [{ map: 'filter', key: '00000000', value: '110000003500000080000000' }],
    traffic: {
      kind: 'synthetic',
      spec: {
        seed: 9,
        rate: 1_500_000,
        kinds: [
          { weight: 10, l3: 'ipv4', l4: 'udp', dstPort: 53, flows: 100, size: 78, payload: 'counting' },
          { weight: 60, l3: 'ipv4', l4: 'tcp', dstPort: 443, flows: 300, size: 590, payload: 'counting' },
          { weight: 25, l3: 'ipv6', l4: 'tcp', dstPort: 443, flows: 100, size: 590 },
          { weight: 5, l3: 'ipv4', l4: 'icmp', flows: 10, size: 98 },
        ],
      },
    },
  },
  expected: {
    runs: true,
    packets: 1000,
    outcomes: { passed: 1000 },
    events: 91,
    words: 138,
  },
}
