/** A block-list in a hash map: the host writes addresses, the card drops what comes from them. */
import type { Demo } from '../demo'

const source = `; Drop what comes from the addresses that the host has listed; count the hits of each.
.license GPL
.file "blocklist.c"
.struct hits { packets u64; bytes u64 }
.map blocked hash key ipv4 value hits max 1024

.prog xdp blocklist
    r7 = *(u32 *)(r1 + ctx.data)      ; @13
    r8 = *(u32 *)(r1 + ctx.data_end)  ; @14
    r2 = r7                           ; @20
    r2 += 34
    if r2 > r8 goto pass              ; shorter than Ethernet + IPv4
    r3 = *(u16 *)(r7 + 12)            ; @22
    r3 = be16 r3
    if r3 != ETH_P_IP goto pass
    r3 = *(u32 *)(r7 + 26)            ; source address, as it is on the wire @25
    *(u32 *)(r10 - 4) = r3
    r1 = blocked ll                   ; @26
    r2 = r10
    r2 += -4
    call bpf_map_lookup_elem
    if r0 == 0 goto pass              ; not listed @27
    r1 = 1                            ; @29
    lock *(u64 *)(r0 + hits.packets) += r1
    r8 -= r7                          ; @30
    lock *(u64 *)(r0 + hits.bytes) += r8
    r0 = XDP_DROP                     ; @31
    exit
pass:
    r0 = XDP_PASS                     ; @21
    exit
`

const c = `struct hits { __u64 packets; __u64 bytes; };

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __type(key, __be32);
    __type(value, struct hits);
    __uint(max_entries, 1024);
} blocked SEC(".maps");

SEC("xdp")
int blocklist(struct xdp_md *ctx)
{
    void *data = (void *)(long)ctx->data;
    void *data_end = (void *)(long)ctx->data_end;
    struct ethhdr *eth = data;
    struct iphdr *ip = data + sizeof(*eth);
    __be32 source;
    struct hits *hits;

    if ((void *)(ip + 1) > data_end)
        return XDP_PASS;
    if (eth->h_proto != bpf_htons(ETH_P_IP))
        return XDP_PASS;

    source = ip->saddr;
    hits = bpf_map_lookup_elem(&blocked, &source);
    if (!hits)
        return XDP_PASS;
    __sync_fetch_and_add(&hits->packets, 1);
    __sync_fetch_and_add(&hits->bytes, data_end - data);
    return XDP_DROP;
}
`

/** Listed from the start: 198.51.100.0 to .3. */
const listed = ['c6336400', 'c6336401', 'c6336402', 'c6336403']

export const blocklist: Demo = {
  id: 'blocklist',
  title: 'Block-list from the host',
  shows: 'Hash map, host writes while packets flow',
  sentence: 'The host keeps a list of unwanted addresses; the card drops their packets and counts what each one sent.',
  story: `Sixteen addresses send to this server, four of them are on the list. The list is a hash map in the card's memory: the key is an IPv4 address, the value two counters.

The program looks up the source address of each packet. If the map has no such entry the packet passes. If it has one, the program adds to the entry's counters and drops the packet. The host may add and delete entries at any time; the next packet sees the change.

The counters are added to atomically, since fifty cores may hit the same entry at once. A word that is used atomically must stay out of reach of plain stores, so the program never writes the value in any other way.`,
  source,
  c,
  hint: {
    line: 'r3 = *(u32 *)(r7 + 26)',
    from: '26',
    to: '30',
    text: 'Change 26 to 30: the destination is looked up instead, and nothing is dropped.',
  },
  tries: [
    'Add the key 198.51.100.4 to the map while traffic runs',
    'Delete an entry and watch the dropped share fall by a sixteenth',
    'Send the packets of listed addresses back: return XDP_TX',
  ],
  session: {
    seed: 11,
    entries: listed.map((key) => ({ map: 'blocked', key, value: '00'.repeat(16) })),
    traffic: {
      kind: 'synthetic',
      spec: {
        seed: 11,
        rate: 8_000_000,
        kinds: [
          {
            weight: 80,
            l3: 'ipv4',
            l4: 'udp',
            dstPort: 53,
            flows: 16,
            size: 60,
            src: { from: '198.51.100.0', count: 16 },
          },
          { weight: 20, l3: 'ipv6', l4: 'tcp', dstPort: 443, flows: 50, size: 90 },
        ],
      },
    },
  },
  expected: {
    runs: true,
    packets: 1000,
    outcomes: { passed: 802, dropped: 198 },
    maps: {
      blocked: {
        c6336400: '39000000000000005c0d000000000000',
        c6336402: '2a00000000000000d809000000000000',
        c6336401: '2e00000000000000c80a000000000000',
        c6336403: '35000000000000006c0c000000000000',
      },
    },
    words: 89,
  },
}
