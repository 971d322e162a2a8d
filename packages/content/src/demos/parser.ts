/** A parser in a subprogram, called for the outer and for the inner header. */
import type { Demo } from '../demo'

const source = `; Count by transport protocol, whatever tag and tunnel are around it: one parser, called twice.
.license GPL
.file "parser.c"
.map transports array key u32 value u64 max 256

.prog xdp parser
    r6 = *(u32 *)(r1 + ctx.data)      ; @27
    r7 = *(u32 *)(r1 + ctx.data_end)  ; @28
    r1 = r6                           ; @32
    r1 += 18                          ; Ethernet and one tag
    if r1 > r7 goto pass
    r3 = *(u16 *)(r6 + 12)            ; @34
    r3 = be16 r3                      ; EtherType
    r6 += 14                          ; @35
    if r3 != ETH_P_8021Q goto outer   ; @36
    r3 = *(u16 *)(r6 + 2)             ; the one behind the tag @37
    r3 = be16 r3
    r6 += 4                           ; @38
outer:
    r1 = r6                           ; @41
    r2 = r7
    call network
    if r0 == 0 goto pass              ; not IP, or cut short
    r8 = r0                           ; @44
    r8 &= 255
    r3 = ETH_P_IP                     ; @45
    if r8 == IPPROTO_IPIP goto tunnel
    r3 = ETH_P_IPV6
    if r8 != IPPROTO_IPV6 goto count
tunnel:
    r0 >>= 8                          ; @46
    r6 += r0                          ; behind the outer header
    r1 = r6
    r2 = r7
    call network
    if r0 == 0 goto count
    r8 = r0
    r8 &= 255
count:
    *(u32 *)(r10 - 4) = r8            ; @52
    r1 = transports ll
    r2 = r10
    r2 += -4
    call bpf_map_lookup_elem
    if r0 == 0 goto pass              ; @53
    r1 = 1
    lock *(u64 *)(r0 + 0) += r1
pass:
    r0 = XDP_PASS                     ; @55
    exit

; r1: an IP header, r2: end of the packet, r3: EtherType.
; r0: header length * 256 + protocol, or 0 where there is no whole IP header.
.func network
    if r3 == ETH_P_IP goto ipv4       ; @11
    if r3 != ETH_P_IPV6 goto none
    r4 = r1
    r4 += 40                          ; @17
    if r4 > r2 goto none
    r0 = *(u8 *)(r1 + 6)              ; next header @19
    r0 |= 0x2800                      ; 40 bytes
    exit
ipv4:
    r4 = r1
    r4 += 20                          ; @12
    if r4 > r2 goto none
    r0 = *(u8 *)(r1 + 0)              ; @14
    r0 &= 15                          ; length in words
    r0 <<= 10
    r4 = *(u8 *)(r1 + 9)              ; protocol
    r0 |= r4
    exit
none:
    r0 = 0
    exit
`

const c = `struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __type(key, __u32);
    __type(value, __u64);
    __uint(max_entries, 256);
} transports SEC(".maps");

/* Header length * 256 + protocol, or 0 where there is no whole IP header. */
static __noinline __u32 network(__u8 *header, __u8 *end, __u32 ethertype)
{
    if (ethertype == ETH_P_IP) {
        if (header + 20 > end)
            return 0;
        return (header[0] & 15) << 10 | header[9];
    }
    if (ethertype == ETH_P_IPV6) {
        if (header + 40 > end)
            return 0;
        return 40 << 8 | header[6];
    }
    return 0;
}

SEC("xdp")
int parser(struct xdp_md *ctx)
{
    __u8 *at = (void *)(long)ctx->data;
    __u8 *end = (void *)(long)ctx->data_end;
    __u32 ethertype, header, protocol;
    __u64 *count;

    if (at + 18 > end)
        return XDP_PASS;
    ethertype = bpf_ntohs(*(__u16 *)(at + 12));
    at += 14;
    if (ethertype == ETH_P_8021Q) {
        ethertype = bpf_ntohs(*(__u16 *)(at + 2));
        at += 4;
    }

    header = network(at, end, ethertype);
    if (!header)
        return XDP_PASS;
    protocol = header & 255;
    if (protocol == IPPROTO_IPIP || protocol == IPPROTO_IPV6) {
        at += header >> 8 & 255;
        header = network(at, end, protocol == IPPROTO_IPIP ? ETH_P_IP : ETH_P_IPV6);
        if (header)
            protocol = header & 255;
    }

    count = bpf_map_lookup_elem(&transports, &protocol);
    if (count)
        __sync_fetch_and_add(count, 1);
    return XDP_PASS;
}
`

export const parser: Demo = {
  id: 'parser',
  title: 'Parser in a subprogram',
  shows: 'BPF-to-BPF calls, saved registers, variable packet offsets',
  sentence: 'One function reads an IP header; the program calls it for the outer header and again for the one inside.',
  story: `Packets come plain, with a VLAN tag, or with another IP packet inside. Written out, each combination needs its own copy of the parser; as a subprogram it is there once.

The kernel's verifier walks into the call with what it knows of the arguments: r1 is a packet pointer, r2 the packet's end. So the function may load from the packet after its own comparison, without knowing where its caller stands.

On the card a call is a branch with the return address in a register. r6 to r9 belong to the caller; a function that uses them saves them first, which costs words. This one does without.`,
  source,
  c,
  hint: {
    line: 'if r3 != ETH_P_8021Q goto outer',
    from: 'ETH_P_8021Q',
    to: 'ETH_P_8021AD',
    text: 'Change ETH_P_8021Q to ETH_P_8021AD: packets with the usual tag are no longer counted.',
  },
  tries: [
    'Count the outer protocol only: jump to "count" before the second call',
    'Use r6 in the function and look at the words of the call',
    'Add a third tunnel: GRE, protocol 47, with four bytes before the next header',
  ],
  session: {
    seed: 12,
    traffic: {
      kind: 'synthetic',
      spec: {
        seed: 12,
        rate: 4_000_000,
        kinds: [
          { weight: 40, l3: 'ipv4', l4: 'tcp', dstPort: 443, flows: 300, size: 90 },
          { weight: 20, l3: 'ipv4', l4: 'udp', dstPort: 53, flows: 100, size: 90, vlan: 7 },
          { weight: 15, l3: 'ipv6', l4: 'udp', dstPort: 53, flows: 100, size: 98 },
          { weight: 15, l3: 'ipv4', l4: 'tcp', dstPort: 80, flows: 100, size: 98, tunnel: 'ipip' },
          { weight: 7, l3: 'ipv4', l4: 'icmp', flows: 10, size: 130, tunnel: 'ipip', outer: 'ipv6' },
          { weight: 3, l3: 'arp', flows: 10, size: 60 },
        ],
      },
    },
  },
  expected: {
    runs: true,
    packets: 1000,
    outcomes: { passed: 1000 },
    maps: {
      transports: { '11000000': '5b01000000000000', '01000000': '3f00000000000000', '06000000': '2d02000000000000' },
    },
    words: 179,
  },
}
