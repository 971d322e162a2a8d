/** Two programs at once: the card takes the flood off, the driver's program finishes what the card cannot. */
import type { Demo } from '../demo'

const source = `; First stage, on the card: drop the flood before it costs the host anything.
.license GPL
.file "two-stages.c"
.map dropped array key u32 value u64 max 1

.prog xdp first
    r7 = *(u32 *)(r1 + ctx.data)      ; @11
    r8 = *(u32 *)(r1 + ctx.data_end)  ; @12
    r2 = r7                           ; @19
    r2 += 42
    if r2 > r8 goto pass              ; shorter than Ethernet + IPv4 + UDP
    r3 = *(u16 *)(r7 + 12)            ; @21
    r3 = be16 r3
    if r3 != ETH_P_IP goto pass
    r3 = *(u8 *)(r7 + 23)
    if r3 != IPPROTO_UDP goto pass
    r3 = *(u16 *)(r7 + 36)            ; @23
    r3 = be16 r3
    if r3 != 53 goto pass             ; the port under attack
    r1 = 0
    *(u32 *)(r10 - 4) = r1
    r1 = dropped ll                   ; @25
    r2 = r10
    r2 += -4
    call bpf_map_lookup_elem
    if r0 == 0 goto drop              ; @26
    r1 = 1                            ; @27
    lock *(u64 *)(r0 + 0) += r1
drop:
    r0 = XDP_DROP                     ; @28
    exit
pass:
    r0 = XDP_PASS                     ; @20
    exit
`

/** Runs in the driver on what the first stage passed. An LRU map, a modulo and a plain store: none of it fits the card. */
const hostSource = `; Second stage, in the driver: remember each source, and let one packet in ten of a talkative one through.
.license GPL
.struct seen { packets u64; bytes u64 }
.map talkers lru_hash key ipv4 value seen max 1024

.prog xdp second
    r7 = *(u32 *)(r1 + ctx.data)
    r8 = *(u32 *)(r1 + ctx.data_end)
    r2 = r7
    r2 += 34
    if r2 > r8 goto pass
    r3 = *(u16 *)(r7 + 12)
    r3 = be16 r3
    if r3 != ETH_P_IP goto pass
    r3 = *(u32 *)(r7 + 26)
    *(u32 *)(r10 - 4) = r3
    r8 -= r7
    r1 = talkers ll
    r2 = r10
    r2 += -4
    call bpf_map_lookup_elem
    if r0 != 0 goto known
    r1 = 1
    *(u64 *)(r10 - 24) = r1
    *(u64 *)(r10 - 16) = r8
    r1 = talkers ll
    r2 = r10
    r2 += -4
    r3 = r10
    r3 += -24
    r4 = BPF_ANY
    call bpf_map_update_elem
    goto pass
known:
    r1 = *(u64 *)(r0 + seen.packets)
    r1 += 1
    *(u64 *)(r0 + seen.packets) = r1
    r2 = *(u64 *)(r0 + seen.bytes)
    r2 += r8
    *(u64 *)(r0 + seen.bytes) = r2
    if r1 < 20 goto pass              ; not talkative yet
    r1 %= 10
    if r1 == 0 goto pass
    r0 = XDP_DROP
    exit
pass:
    r0 = XDP_PASS
    exit
`

const c = `struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __type(key, __u32);
    __type(value, __u64);
    __uint(max_entries, 1);
} dropped SEC(".maps");

SEC("xdp")
int first(struct xdp_md *ctx)
{
    void *data = (void *)(long)ctx->data;
    void *data_end = (void *)(long)ctx->data_end;
    struct ethhdr *eth = data;
    struct iphdr *ip = data + sizeof(*eth);
    struct udphdr *udp = (void *)(ip + 1);
    __u32 zero = 0;
    __u64 *count;

    if ((void *)(udp + 1) > data_end)
        return XDP_PASS;
    if (eth->h_proto != bpf_htons(ETH_P_IP) || ip->protocol != IPPROTO_UDP)
        return XDP_PASS;
    if (udp->dest != bpf_htons(53))
        return XDP_PASS;
    count = bpf_map_lookup_elem(&dropped, &zero);
    if (count)
        __sync_fetch_and_add(count, 1);
    return XDP_DROP;
}
`

export const twoStages: Demo = {
  id: 'two-stages',
  title: 'Two stages',
  shows: 'A program on the card and one in the driver, what the host is spared',
  sentence:
    'The card drops the flood; a second program in the driver does what the card cannot, on the little that is left.',
  story: `An interface can have two XDP programs at once: one offloaded to the card, one in the driver. A packet that the card passes comes to the driver's program; what the card drops costs the host nothing at all.

The second program keeps a table of sources that forgets the oldest by itself, stores plainly into map values and takes a remainder. The card has none of these: no LRU map, no map stores, no modulo instruction.

The host's work is counted in BPF instructions. Let the card pass the flood, and see what the host would have to do.`,
  source,
  c,
  hint: {
    line: 'if r3 != 53 goto pass',
    from: '53',
    to: '54',
    text: 'Change 53 to 54: nothing is dropped on the card, and the host does all the work.',
  },
  tries: [
    'Compare the host’s instructions with and without the first stage',
    'Move the second program to the card and read what the driver says',
    'Drop the talkative sources on the card: write them into a hash map from the host',
  ],
  session: {
    seed: 21,
    hostSource,
    traffic: {
      kind: 'synthetic',
      spec: {
        seed: 21,
        rate: 6_000_000,
        kinds: [
          { weight: 85, l3: 'ipv4', l4: 'udp', dstPort: 53, flows: 2000, size: 60 },
          {
            weight: 15,
            l3: 'ipv4',
            l4: 'tcp',
            dstPort: 443,
            flows: 8,
            size: 300,
            src: { from: '203.0.113.1', count: 4 },
          },
        ],
      },
    },
  },
  expected: {
    runs: true,
    packets: 1000,
    outcomes: { passed: 139, dropped: 861 },
    maps: {
      dropped: { '00000000': '5d03000000000000' },
      talkers: {
        cb007102: '29000000000000000c30000000000000',
        cb007103: '1f000000000000005424000000000000',
        cb007101: '1a00000000000000781e000000000000',
        cb007104: '29000000000000000c30000000000000',
      },
    },
    words: 88,
  },
}
