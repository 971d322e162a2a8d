/** Truncate and reply: packets above a limit are cut and sent back inside an ICMP "fragmentation needed". */
import type { Demo } from '../demo'

const source = `; Answer an IPv4 packet that is too long for the next link with ICMP "fragmentation needed" (RFC 1191).
.license GPL
.file "too-big.c"
.const LIMIT = 600                    ; bytes of an IPv4 packet that fit through the next link

.prog xdp too_big
    r6 = r1                           ; @14
    r7 = *(u32 *)(r1 + ctx.data)      ; @16
    r8 = *(u32 *)(r1 + ctx.data_end)  ; @17
    r2 = r7                           ; @23
    r2 += 42
    if r2 > r8 goto pass
    r3 = *(u16 *)(r7 + 12)            ; @25
    r3 = be16 r3
    if r3 != ETH_P_IP goto pass
    r3 = *(u8 *)(r7 + 14)
    if r3 != 0x45 goto pass
    r3 = *(u16 *)(r7 + 16)            ; @27
    r3 = be16 r3
    if r3 <= LIMIT goto pass          ; it fits

    r8 -= r7                          ; @30
    r2 = 42                           ; keep Ethernet, IPv4 and 8 bytes
    r2 -= r8
    r1 = r6
    call bpf_xdp_adjust_tail
    if r0 != 0 goto drop
    r1 = r6
    r2 = -28                          ; room for IPv4 and ICMP @32
    call bpf_xdp_adjust_head
    if r0 != 0 goto drop
    r7 = *(u32 *)(r6 + ctx.data)      ; @34
    r8 = *(u32 *)(r6 + ctx.data_end)
    r2 = r7
    r2 += 70
    if r2 > r8 goto drop

    r1 = *(u32 *)(r7 + 28)            ; old Ethernet header: destination and source change places @42
    r2 = *(u16 *)(r7 + 32)
    r3 = *(u32 *)(r7 + 34)            ; @41
    r4 = *(u16 *)(r7 + 38)
    *(u32 *)(r7 + 0) = r3
    *(u16 *)(r7 + 4) = r4
    *(u32 *)(r7 + 6) = r1
    *(u16 *)(r7 + 10) = r2
    r3 = ETH_P_IP                     ; @43
    r3 = be16 r3
    *(u16 *)(r7 + 12) = r3

    r3 = 0x45000038                   ; version 4, 5 words, 56 bytes @46
    r3 = be32 r3
    *(u32 *)(r7 + 14) = r3
    r1 = r3                           ; sums are the same in either byte order
    r3 = 0                            ; @47
    *(u32 *)(r7 + 18) = r3
    r3 = 0x40010000                   ; time to live 64, ICMP @48
    r3 = be32 r3
    r1 += r3
    r4 = *(u32 *)(r7 + 58)            ; from where the packet wanted to go @49
    *(u32 *)(r7 + 26) = r4
    r1 += r4
    r4 = *(u32 *)(r7 + 54)            ; to where it came from @50
    *(u32 *)(r7 + 30) = r4
    r1 += r4
    *(u32 *)(r7 + 22) = r3
    call checksum                     ; @52
    *(u16 *)(r7 + 24) = r0

    r1 = 0x03040000                   ; ICMP: destination unreachable, fragmentation needed @54
    r1 = be32 r1
    *(u32 *)(r7 + 34) = r1
    r2 = LIMIT                        ; @55
    r2 = be32 r2
    *(u32 *)(r7 + 38) = r2
    r1 += r2
    r2 = *(u32 *)(r7 + 42)            ; the first 28 bytes of the packet @57
    r1 += r2
    r2 = *(u32 *)(r7 + 46)
    r1 += r2
    r2 = *(u32 *)(r7 + 50)
    r1 += r2
    r2 = *(u32 *)(r7 + 54)
    r1 += r2
    r2 = *(u32 *)(r7 + 58)
    r1 += r2
    r2 = *(u32 *)(r7 + 62)
    r1 += r2
    r2 = *(u32 *)(r7 + 66)
    r1 += r2
    call checksum                     ; @58
    *(u16 *)(r7 + 36) = r0
    r0 = XDP_TX                       ; @59
    exit
drop:
    r0 = XDP_DROP
    exit
pass:
    r0 = XDP_PASS                     ; @24
    exit

.func checksum                        ; r1: sum of 32-bit words; r0: its Internet checksum
    r0 = r1                           ; @6
    r0 >>= 32
    w2 = w1
    r0 += r2
    r2 = r0
    r2 >>= 16
    r0 &= 0xffff
    r0 += r2
    r2 = r0
    r2 >>= 16
    r0 &= 0xffff
    r0 += r2
    r2 = r0
    r2 >>= 16
    r0 += r2
    r0 ^= 0xffff
    r0 &= 0xffff
    exit
`

const c = `#define LIMIT 600 /* bytes of an IPv4 packet that fit through the next link */

/* Internet checksum of a sum of 32-bit words; the same in either byte order. */
static __noinline __u16 checksum(__u64 sum)
{
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    sum += sum >> 16;
    return ~sum;
}

SEC("xdp")
int too_big(struct xdp_md *ctx)
{
    void *data = (void *)(long)ctx->data;
    void *data_end = (void *)(long)ctx->data_end;
    struct ethhdr *eth = data, *old;
    struct iphdr *ip = data + sizeof(*eth);
    __u32 *word;
    __u64 sum;

    if (data + 42 > data_end)
        return XDP_PASS;
    if (eth->h_proto != bpf_htons(ETH_P_IP) || *(__u8 *)ip != 0x45)
        return XDP_PASS;
    if (bpf_ntohs(ip->tot_len) <= LIMIT)
        return XDP_PASS;

    if (bpf_xdp_adjust_tail(ctx, 42 - (int)(data_end - data)))
        return XDP_DROP;
    if (bpf_xdp_adjust_head(ctx, -28))
        return XDP_DROP;
    data = (void *)(long)ctx->data;
    data_end = (void *)(long)ctx->data_end;
    if (data + 70 > data_end)
        return XDP_DROP;

    eth = data;
    old = data + 28;
    __builtin_memcpy(eth->h_dest, old->h_source, 6);
    __builtin_memcpy(eth->h_source, old->h_dest, 6);
    eth->h_proto = bpf_htons(ETH_P_IP);

    word = data + 14;
    word[0] = bpf_htonl(0x45000038);
    word[1] = 0;
    word[2] = bpf_htonl(0x40010000);
    word[3] = word[11];
    word[4] = word[10];
    sum = (__u64)word[0] + word[2] + word[3] + word[4];
    *(__u16 *)(data + 24) = checksum(sum);

    word[5] = bpf_htonl(0x03040000);
    word[6] = bpf_htonl(LIMIT);
    sum = (__u64)word[5] + word[6];
    sum += (__u64)word[7] + word[8] + word[9] + word[10] + word[11] + word[12] + word[13];
    *(__u16 *)(data + 36) = checksum(sum);
    return XDP_TX;
}
`

export const tooBig: Demo = {
  id: 'too-big',
  title: 'Truncate and reply',
  shows: 'adjust_tail and adjust_head together, checksums, a subprogram',
  sentence: 'Packets that would not fit through the next link are cut on the card and sent back as an ICMP message.',
  story: `Behind a tunnel the largest packet is smaller than senders think. A router answers a packet that is too long with an ICMP message that names the size which fits. Here the card answers; neither host nor router hears of it.

The program cuts the packet after 42 bytes with bpf_xdp_adjust_tail, makes 28 bytes in front with bpf_xdp_adjust_head, and writes Ethernet, IPv4 and ICMP headers there. The start of the offending packet stays as the message's payload.

Both checksums come from one subprogram. It adds 32-bit words without regard for byte order: the Internet checksum comes out right in either.`,
  source,
  c,
  hint: {
    line: '.const LIMIT = 600',
    from: '600',
    to: '300',
    text: 'Change 600 to 300: the middle sizes are answered too.',
  },
  tries: [
    'Open a transmitted packet: the headers and the packet inside',
    'Answer only what must not be fragmented: test bit 0x4000 of the two bytes at 20',
    'See in JIT what the second call of "checksum" costs, in words',
  ],
  session: {
    seed: 6,
    traffic: {
      kind: 'synthetic',
      spec: {
        seed: 6,
        rate: 1_500_000,
        kinds: [
          {
            weight: 80,
            l3: 'ipv4',
            l4: 'tcp',
            dstPort: 443,
            flows: 300,
            size: [
              [60, 5],
              [500, 3],
              [1294, 2],
            ],
          },
          { weight: 20, l3: 'ipv6', l4: 'udp', dstPort: 443, flows: 100, size: 1294 },
        ],
      },
    },
  },
  expected: {
    runs: true,
    packets: 1000,
    outcomes: { passed: 847, transmitted: 153 },
    words: 261,
  },
}
