/** Programmable RSS: the program chooses the receive queue, in one of four ways that the host switches. */
import type { Demo } from '../demo'

const source = `; Choose the receive queue on the card: fixed, by outer addresses, symmetric, or by the addresses inside a tunnel.
.file "rss.c"
.license GPL
.struct rss_config { mode u32; last_queue u32 }
.map config array key u32 value rss_config max 1

.prog xdp rss
    r6 = r1                           ; @13
    r7 = *(u32 *)(r1 + 0)             ; data @15
    r8 = *(u32 *)(r1 + 4)             ; data_end @16
    r1 = 0                            ; @17
    *(u32 *)(r10 - 4) = r1
    r1 = config ll                    ; @18
    r2 = r10
    r2 += -4
    call bpf_map_lookup_elem
    if r0 == 0 goto pass              ; @20
    r9 = *(u32 *)(r0 + 0)             ; mode: 0 fixed, 1 outer, 2 symmetric, 3 inner @22
    r0 = *(u32 *)(r0 + 4)             ; number of the last queue, one less than a power of two @23
    r1 = r0
    if r9 == 0 goto select            ; mode 0: always the last queue @22

    r2 = r7                           ; @26
    r2 += 34
    if r2 > r8 goto pass
    r3 = *(u16 *)(r7 + 12)            ; EtherType, in network order @29
    if r3 == 8 goto ipv4
    if r3 != 0xdd86 goto pass         ; @36

    r2 = r7                           ; IPv6 @37
    r2 += 54
    if r2 > r8 goto pass
    r1 = *(u32 *)(r7 + 34)            ; last word of the source @39
    r2 = *(u32 *)(r7 + 50)            ; last word of the destination @40
    if r9 != 3 goto mix               ; @41
    r3 = *(u8 *)(r7 + 20)             ; next header
    if r3 != 4 goto mix               ; IPv4 inside?
    r3 = r7
    r3 += 74
    if r3 > r8 goto mix
    r1 = *(u32 *)(r7 + 66)            ; inner source @42
    r2 = *(u32 *)(r7 + 70)            ; inner destination @43
    goto mix

ipv4:
    r1 = *(u32 *)(r7 + 26)            ; source @30
    r2 = *(u32 *)(r7 + 30)            ; destination @31
    if r9 != 3 goto mix               ; @32
    r3 = *(u8 *)(r7 + 23)             ; protocol
    if r3 != 4 goto mix               ; IPv4 inside?
    r3 = r7
    r3 += 54
    if r3 > r8 goto mix
    r1 = *(u32 *)(r7 + 46)            ; inner source @33
    r2 = *(u32 *)(r7 + 50)            ; inner destination @34

mix:
    if r9 == 2 goto fold              ; symmetric: source and destination count alike @49
    w3 = w1                           ; @50
    w1 <<= 5
    w1 -= w3                          ; source times 31
fold:
    w1 ^= w2                          ; @51
    w2 = w1                           ; @52
    w2 >>= 16
    w1 ^= w2
    w2 = w1                           ; @53
    w2 >>= 8
    w1 ^= w2
    w1 &= w0                          ; @54

select:
    *(u32 *)(r6 + 16) = r1            ; rx_queue_index: only an offloaded program may write it
pass:
    r0 = 2                            ; XDP_PASS @55
    exit
`

const c = `struct rss_config { __u32 mode; __u32 last_queue; };

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __type(key, __u32);
    __type(value, struct rss_config);
    __uint(max_entries, 1);
} config SEC(".maps");

enum { FIXED, OUTER, SYMMETRIC, INNER };

SEC("xdp")
int rss(struct xdp_md *ctx)
{
    unsigned char *data = (void *)(long)ctx->data;
    unsigned char *data_end = (void *)(long)ctx->data_end;
    __u32 zero = 0, source, destination, hash;
    struct rss_config *rule = bpf_map_lookup_elem(&config, &zero);

    if (!rule)
        return XDP_PASS;
    if (rule->mode == FIXED) {
        ctx->rx_queue_index = rule->last_queue;
        return XDP_PASS;
    }
    if (data + 34 > data_end)
        return XDP_PASS;

    if (*(__u16 *)(data + 12) == bpf_htons(ETH_P_IP)) {
        source = *(__u32 *)(data + 26);
        destination = *(__u32 *)(data + 30);
        if (rule->mode == INNER && data[23] == IPPROTO_IPIP && data + 54 <= data_end) {
            source = *(__u32 *)(data + 46);
            destination = *(__u32 *)(data + 50);
        }
    } else if (*(__u16 *)(data + 12) == bpf_htons(ETH_P_IPV6)) {
        if (data + 54 > data_end)
            return XDP_PASS;
        source = *(__u32 *)(data + 34);
        destination = *(__u32 *)(data + 50);
        if (rule->mode == INNER && data[20] == IPPROTO_IPIP && data + 74 <= data_end) {
            source = *(__u32 *)(data + 66);
            destination = *(__u32 *)(data + 70);
        }
    } else {
        return XDP_PASS;
    }

    if (rule->mode != SYMMETRIC)
        source *= 31;
    hash = source ^ destination;
    hash ^= hash >> 16;
    hash ^= hash >> 8;
    ctx->rx_queue_index = hash & rule->last_queue;
    return XDP_PASS;
}
`

export const rss: Demo = {
  id: 'rss',
  title: 'Programmable RSS',
  shows: 'Queue choice, control map, tunnels',
  sentence: 'The program on the card decides which receive queue, and so which host processor, gets each packet.',
  story: `A card spreads packets over receive queues by a hash of their addresses. That goes wrong with tunnels: all packets between the same two tunnel ends have the same outer addresses, so one queue gets them all and one processor does all the work.

This program writes the queue number itself. The host switches how it chooses by writing entry 0 of the map "config": 0 a fixed queue, 1 by the outer addresses, 2 so that both directions of a conversation share a queue, 3 by the addresses inside the tunnel.

The traffic here is IPv4 in IPv4 between few tunnel ends. With mode 1 a few queues are busy and the others idle; with mode 3 all are used alike.`,
  source,
  c,
  hint: {
    line: 'if r9 != 3 goto mix',
    from: '3',
    to: '1',
    text: 'Or leave the program alone: set "mode" to 3 in the map and watch the queues level out.',
  },
  tries: [
    'Write mode 3 into the map "config" while traffic runs',
    'Drop a capture of your own tunnel traffic on the page',
    'Use four queues: set last_queue to 3',
  ],
  session: {
    seed: 7,
    queues: 8,
    entries: [{ map: 'config', key: '00000000', value: '0100000007000000' }],
    traffic: {
      kind: 'synthetic',
      spec: {
        seed: 7,
        rate: 8_000_000,
        kinds: [
          { weight: 90, l3: 'ipv4', tunnel: 'ipip', l4: 'tcp', dstPort: 443, flows: 2000, outerFlows: 2, size: 90 },
          { weight: 10, l3: 'ipv4', l4: 'udp', dstPort: 53, flows: 50, size: 60 },
        ],
      },
    },
  },
  expected: {
    runs: true,
    packets: 1000,
    outcomes: { passed: 1000 },
    words: 161,
  },
}
