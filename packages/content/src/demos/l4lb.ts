/** Layer 4 load balancer: a backend by hash of the connection, IP in IP around the packet, back out of the same port. */
import type { Demo } from '../demo'

const source = `; Spread the connections of one service address over 16 backends; wrap each packet in a second IPv4 header.
.license GPL
.file "l4lb.c"
.const SERVICE = 0x0a00000a           ; 10.0.0.10
.const OUTER = 20                     ; bytes of the header that is added
.struct backend { address ipv4; gateway mac }
.struct sent { packets u64; bytes u64 }
.map backends array key u32 value backend max 16
.map sent array key u32 value sent max 16

.prog xdp l4lb
    r6 = r1                           ; @33
    r7 = *(u32 *)(r1 + ctx.data)      ; @35
    r8 = *(u32 *)(r1 + ctx.data_end)  ; @36
    r2 = r7                           ; @45
    r2 += 38
    if r2 > r8 goto pass              ; shorter than Ethernet + IPv4 + ports
    r3 = *(u16 *)(r7 + 12)            ; @47
    r3 = be16 r3
    if r3 != ETH_P_IP goto pass
    r3 = *(u8 *)(r7 + 14)
    if r3 != 0x45 goto pass           ; with options the ports are elsewhere
    r3 = *(u32 *)(r7 + 30)            ; @49
    r3 = be32 r3
    if r3 != SERVICE goto pass
    r3 = *(u8 *)(r7 + 23)             ; @51
    if r3 == IPPROTO_TCP goto hash
    if r3 != IPPROTO_UDP goto pass

hash:                                 ; source address and both ports choose: a connection keeps its backend
    r9 = *(u32 *)(r7 + 26)            ; @54
    r3 = *(u32 *)(r7 + 34)
    w9 ^= w3
    w3 = w9
    w3 >>= 16
    w9 ^= w3
    w3 = w9
    w3 >>= 8
    w9 ^= w3
    w3 = w9
    w3 >>= 4
    w9 ^= w3
    w9 &= 15
    *(u32 *)(r10 - 4) = r9

    r8 -= r7                          ; bytes, as received @39
    r1 = backends ll                  ; @55
    r2 = r10
    r2 += -4
    call bpf_map_lookup_elem
    if r0 == 0 goto pass              ; @56
    r7 = r0
    r1 = *(u32 *)(r7 + backend.address)
    if r1 == 0 goto pass              ; nobody there

    r1 = sent ll                      ; @58
    r2 = r10
    r2 += -4
    call bpf_map_lookup_elem
    if r0 == 0 goto pass
    r1 = 1                            ; @61
    lock *(u64 *)(r0 + sent.packets) += r1
    lock *(u64 *)(r0 + sent.bytes) += r8; @62

    r1 = r6                           ; @64
    r2 = -20                          ; OUTER bytes in front
    call bpf_xdp_adjust_head
    if r0 != 0 goto drop
    r1 = *(u32 *)(r6 + ctx.data)      ; old pointers are void now
    r2 = *(u32 *)(r6 + ctx.data_end)
    r3 = r1                           ; @68
    r3 += 54
    if r3 > r2 goto drop

    r3 = *(u32 *)(r1 + OUTER + 0)     ; the old destination is the new source @74
    r4 = *(u16 *)(r1 + OUTER + 4)
    *(u32 *)(r1 + 6) = r3
    *(u16 *)(r1 + 10) = r4
    r3 = *(u32 *)(r7 + backend.gateway + 0); @74
    r4 = *(u16 *)(r7 + backend.gateway + 4)
    *(u32 *)(r1 + 0) = r3
    *(u16 *)(r1 + 4) = r4
    r3 = ETH_P_IP                     ; @76
    r3 = be16 r3
    *(u16 *)(r1 + 12) = r3

    r4 = *(u16 *)(r1 + 36)            ; total length of the packet inside @78
    r4 = be16 r4
    r4 += OUTER
    r5 = *(u32 *)(r7 + backend.address); @92
    *(u32 *)(r1 + 30) = r5            ; destination: the backend
    r5 = be32 r5                      ; @80
    r3 = r5
    r3 >>= 16
    r5 &= 0xffff
    r5 += r3
    r5 += r4                          ; @79
    r5 += 0xcf0e                      ; all that never changes: 4500 + 4000 + 4004 + 0a00 + 000a
    r3 = r5
    r3 >>= 16
    r5 &= 0xffff
    r5 += r3
    r3 = r5
    r3 >>= 16
    r5 += r3
    r5 ^= 0xffff                      ; the checksum, below any carry
    r5 &= 0xffff

    r3 = 0x45000000                   ; version 4, 5 words, length @85
    r3 |= r4
    r3 = be32 r3
    *(u32 *)(r1 + 14) = r3
    r3 = 0x4000                       ; do not fragment @87
    r3 = be32 r3
    *(u32 *)(r1 + 18) = r3
    r3 = 0x40040000                   ; time to live 64, IPv4 inside, checksum @90
    r3 |= r5
    r3 = be32 r3
    *(u32 *)(r1 + 22) = r3
    r3 = SERVICE                      ; @91
    r3 = be32 r3
    *(u32 *)(r1 + 26) = r3
    r0 = XDP_TX                       ; @93
    exit
drop:
    r0 = XDP_DROP
    exit
pass:
    r0 = XDP_PASS                     ; @46
    exit
`

const c = `#define SERVICE 0x0a00000a /* 10.0.0.10 */

struct backend { __be32 address; __u8 gateway[6]; };
struct sent { __u64 packets; __u64 bytes; };

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __type(key, __u32);
    __type(value, struct backend);
    __uint(max_entries, 16);
} backends SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __type(key, __u32);
    __type(value, struct sent);
    __uint(max_entries, 16);
} sent SEC(".maps");

struct ports { __be16 source, dest; };

static __always_inline __u32 slot_of(__u32 source, __u32 ports)
{
    __u32 hash = source ^ ports;

    hash ^= hash >> 16;
    hash ^= hash >> 8;
    hash ^= hash >> 4;
    return hash & 15;
}

SEC("xdp")
int l4lb(struct xdp_md *ctx)
{
    void *data = (void *)(long)ctx->data;
    void *data_end = (void *)(long)ctx->data_end;
    struct ethhdr *eth = data, *inner_eth;
    struct iphdr *ip = data + sizeof(*eth);
    __u64 length = data_end - data;
    struct backend *backend;
    struct sent *sent_to;
    __u32 slot, sum;
    __u16 total;

    if (data + 38 > data_end)
        return XDP_PASS;
    if (eth->h_proto != bpf_htons(ETH_P_IP) || *(__u8 *)ip != 0x45)
        return XDP_PASS;
    if (ip->daddr != bpf_htonl(SERVICE))
        return XDP_PASS;
    if (ip->protocol != IPPROTO_TCP && ip->protocol != IPPROTO_UDP)
        return XDP_PASS;

    slot = slot_of(ip->saddr, *(__u32 *)(ip + 1));
    backend = bpf_map_lookup_elem(&backends, &slot);
    if (!backend || !backend->address)
        return XDP_PASS;
    sent_to = bpf_map_lookup_elem(&sent, &slot);
    if (!sent_to)
        return XDP_PASS;
    __sync_fetch_and_add(&sent_to->packets, 1);
    __sync_fetch_and_add(&sent_to->bytes, length);

    if (bpf_xdp_adjust_head(ctx, -(int)sizeof(*ip)))
        return XDP_DROP;
    data = (void *)(long)ctx->data;
    data_end = (void *)(long)ctx->data_end;
    if (data + 54 > data_end)
        return XDP_DROP;

    eth = data;
    inner_eth = data + sizeof(*ip);
    ip = data + sizeof(*eth);
    __builtin_memcpy(eth->h_source, inner_eth->h_dest, 6);
    __builtin_memcpy(eth->h_dest, backend->gateway, 6);
    eth->h_proto = bpf_htons(ETH_P_IP);

    total = bpf_ntohs(ip[1].tot_len) + sizeof(*ip);
    sum = 0x4500 + total + 0x4000 + 0x4004 + (SERVICE >> 16) + (SERVICE & 0xffff);
    sum += (bpf_ntohl(backend->address) >> 16) + (bpf_ntohl(backend->address) & 0xffff);
    sum = (sum & 0xffff) + (sum >> 16);
    sum += sum >> 16;

    *(__be16 *)ip = bpf_htons(0x4500);
    ip->tot_len = bpf_htons(total);
    ip->id = 0;
    ip->frag_off = bpf_htons(0x4000);
    ip->ttl = 64;
    ip->protocol = IPPROTO_IPIP;
    ip->check = bpf_htons(~sum);
    ip->saddr = bpf_htonl(SERVICE);
    ip->daddr = backend->address;
    return XDP_TX;
}
`

const word = (value: number): string => value.toString(16).padStart(2, '0').padEnd(8, '0')

export const l4lb: Demo = {
  id: 'l4lb',
  title: 'Load balancer with IP in IP',
  shows: 'adjust_head, hash over the connection, typed values, transmit',
  sentence: 'The card picks a backend for each connection, wraps its packets in a second IP header and sends them on.',
  story: `A service has one address, 10.0.0.10, and sixteen machines behind it. The program hashes the source address and the ports: all packets of a connection give the same number, so they all go to the same backend.

The chosen backend's address and the MAC address of the way there come from the map "backends". Twenty bytes are made in front of the packet, the Ethernet header moves there, and a new IPv4 header with its own checksum is written around the old packet. The backend unwraps it and answers the client directly.

The packet leaves by the port it came from and the host never sees it. Packets and bytes for each backend are counted in the map "sent".`,
  source,
  c,
  hint: {
    line: 'w9 &= 15',
    from: '15',
    to: '3',
    text: 'Change 15 to 3: only four backends get anything.',
  },
  tries: [
    'Set the address of one backend to zero: its packets pass to the host',
    'Hash the source address only and compare how even the counts are',
    'Open a packet: the outer header, the inner one and both checksums',
  ],
  session: {
    seed: 5,
    entries: Array.from({ length: 16 }, (_, slot) => ({
      map: 'backends',
      key: word(slot),
      value: `cb0071${(slot + 1).toString(16).padStart(2, '0')}0200cb0071${(slot + 1).toString(16).padStart(2, '0')}0000`,
    })),
    traffic: {
      kind: 'synthetic',
      spec: {
        seed: 5,
        rate: 6_000_000,
        kinds: [
          { weight: 75, l3: 'ipv4', l4: 'tcp', dstPort: 443, flows: 3000, size: 60, dst: '10.0.0.10' },
          { weight: 15, l3: 'ipv4', l4: 'udp', dstPort: 443, flows: 500, size: 300, dst: '10.0.0.10' },
          { weight: 10, l3: 'ipv4', l4: 'tcp', dstPort: 22, flows: 20, size: 90, dst: '10.0.0.1' },
        ],
      },
    },
  },
  expected: {
    runs: true,
    packets: 1000,
    outcomes: { passed: 105, transmitted: 895 },
    maps: {
      sent: {
        '00000000': '4200000000000000d818000000000000',
        '01000000': '3200000000000000f816000000000000',
        '02000000': '3200000000000000f816000000000000',
        '03000000': '2f000000000000004416000000000000',
        '04000000': '37000000000000008412000000000000',
        '05000000': '33000000000000005415000000000000',
        '06000000': '31000000000000001c11000000000000',
        '07000000': '3900000000000000ac17000000000000',
        '08000000': '4600000000000000d818000000000000',
        '09000000': '3f000000000000005415000000000000',
        '0a000000': '2f00000000000000d40d000000000000',
        '0b000000': '3300000000000000b40f000000000000',
        '0c000000': '3b00000000000000041a000000000000',
        '0d000000': '38000000000000009015000000000000',
        '0e000000': '40000000000000008016000000000000',
        '0f000000': '3c000000000000008016000000000000',
      },
    },
    words: 285,
  },
}
