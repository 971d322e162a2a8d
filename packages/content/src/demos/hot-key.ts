/** A table that the card fills by itself, with one hot entry: what a cache nearby would answer. */
import type { Demo } from '../demo'

const source = `; Remember how far away each source is: the time to live of its first packet. Count known and new sources.
.license GPL
.file "hot-key.c"
.struct origin { ttl u32; length u32 }
.map origins hash key ipv4 value origin max 4096
.map looked_up array key u32 value u64 max 2      ; 0: found, 1: made

.prog xdp hot_key
    r7 = *(u32 *)(r1 + ctx.data)      ; @20
    r8 = *(u32 *)(r1 + ctx.data_end)  ; @21
    r2 = r7                           ; @29
    r2 += 34
    if r2 > r8 goto pass
    r3 = *(u16 *)(r7 + 12)            ; @31
    r3 = be16 r3
    if r3 != ETH_P_IP goto pass
    r3 = *(u32 *)(r7 + 26)            ; @33
    *(u32 *)(r10 - 4) = r3            ; key: the source address
    r9 = 0                            ; found
    r1 = origins ll                   ; @34
    r2 = r10
    r2 += -4
    call bpf_map_lookup_elem
    if r0 != 0 goto count

    r9 = 1                            ; made @35
    r3 = *(u8 *)(r7 + 22)             ; @36
    *(u32 *)(r10 - 12) = r3           ; origin.ttl
    r8 -= r7                          ; @37
    *(u32 *)(r10 - 8) = r8            ; origin.length
    r1 = origins ll                   ; @38
    r2 = r10
    r2 += -4
    r3 = r10
    r3 += -12
    r4 = BPF_NOEXIST                  ; another core may have been first
    call bpf_map_update_elem
    if r0 != 0 goto pass
count:
    *(u32 *)(r10 - 4) = r9            ; @41
    r1 = looked_up ll
    r2 = r10
    r2 += -4
    call bpf_map_lookup_elem
    if r0 == 0 goto pass              ; @42
    r1 = 1                            ; @43
    lock *(u64 *)(r0 + 0) += r1
pass:
    r0 = XDP_PASS                     ; @44
    exit
`

const c = `struct origin { __u32 ttl, length; };

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __type(key, __be32);
    __type(value, struct origin);
    __uint(max_entries, 4096);
} origins SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __type(key, __u32);
    __type(value, __u64);
    __uint(max_entries, 2);
} looked_up SEC(".maps");

SEC("xdp")
int hot_key(struct xdp_md *ctx)
{
    void *data = (void *)(long)ctx->data;
    void *data_end = (void *)(long)ctx->data_end;
    struct ethhdr *eth = data;
    struct iphdr *ip = data + sizeof(*eth);
    struct origin origin;
    __be32 source;
    __u32 made = 0;
    __u64 *count;

    if ((void *)(ip + 1) > data_end)
        return XDP_PASS;
    if (eth->h_proto != bpf_htons(ETH_P_IP))
        return XDP_PASS;
    source = ip->saddr;
    if (!bpf_map_lookup_elem(&origins, &source)) {
        made = 1;
        origin.ttl = ip->ttl;
        origin.length = data_end - data;
        if (bpf_map_update_elem(&origins, &source, &origin, BPF_NOEXIST))
            return XDP_PASS;
    }
    count = bpf_map_lookup_elem(&looked_up, &made);
    if (count)
        __sync_fetch_and_add(count, 1);
    return XDP_PASS;
}
`

export const hotKey: Demo = {
  id: 'hot-key',
  title: 'A table with a hot entry',
  shows: 'Update from the card, races between cores, what a map cache would save',
  sentence: 'Nine packets of ten look up the same entry; each look-up goes to memory and back.',
  story: `The program makes an entry for each source address that it sees for the first time. Other cores may see the same address in the same moment: BPF_NOEXIST lets only one of them win. The second map counts how often an entry was found and how often it was made.

Here nine packets of ten have the same source. Each look-up hashes the key, locks a bucket, compares keys in external memory and comes back, some hundreds of cycles later, with the same address as the time before.

A cache of recent look-ups in the cores' own cluster memory was on the roadmap. The firmware that was published has none; the emulated "roadmap" firmware says what it has. The numbers of this item are those without a cache.`,
  source,
  c,
  hint: {
    line: 'r3 = *(u32 *)(r7 + 26)',
    from: '26',
    to: '30',
    text: 'Change 26 to 30: one destination, so one entry for everything.',
  },
  tries: [
    'Look at the threads in Debug: what are they waiting for?',
    'Compare with an array map: key 0 always, no hash',
    'Let the map be small: max 64, and see where the rest goes',
  ],
  session: {
    seed: 19,
    traffic: {
      kind: 'synthetic',
      spec: {
        seed: 19,
        rate: 4_000_000,
        kinds: [
          { weight: 90, l3: 'ipv4', l4: 'udp', dstPort: 53, flows: 50, size: 60, src: '198.51.100.7' },
          {
            weight: 10,
            l3: 'ipv4',
            l4: 'udp',
            dstPort: 53,
            flows: 200,
            size: 60,
            src: { from: '203.0.113.1', count: 200 },
          },
        ],
      },
    },
  },
  expected: {
    runs: true,
    packets: 1000,
    outcomes: { passed: 1000 },
    maps: { origins: 83, looked_up: { '00000000': '8f03000000000000', '01000000': '5300000000000000' } },
    words: 121,
  },
}
