/** Shifts and products: what 32-bit cores do for 64-bit instructions. */
import type { Demo } from '../demo'

const source = `; Arithmetic for cores with 32-bit registers: shifts by a variable, 64-bit shifts, 32 by 32 bit products.
.license GPL
.file "gym.c"
.struct sums { rotated u64; shifted u64; product u64 }
.map gym array key u32 value sums max 1

.prog xdp workout
    r7 = *(u32 *)(r1 + ctx.data)      ; @13
    r8 = *(u32 *)(r1 + ctx.data_end)  ; @14
    r2 = r7                           ; @19
    r2 += 38
    if r2 > r8 goto pass              ; shorter than Ethernet + IPv4 + ports
    r6 = *(u16 *)(r7 + 34)            ; @21
    r6 = be16 r6                      ; source port
    r9 = *(u32 *)(r7 + 26)            ; @22
    r9 = be32 r9                      ; source address

    r1 = 0
    *(u32 *)(r10 - 4) = r1
    r1 = gym ll                       ; @23
    r2 = r10
    r2 += -4
    call bpf_map_lookup_elem
    if r0 == 0 goto pass              ; @24

    r1 = r6                           ; @27
    r1 &= 15
    r1 |= 1                           ; an odd number up to 15: how far
    w2 = w9                           ; @28
    w2 <<= w1                         ; 32-bit registers: the upper half is zero afterwards
    w3 = 32
    w3 -= w1
    w4 = w9
    w4 >>= w3
    w2 |= w4                          ; the address, rotated
    lock *(u64 *)(r0 + sums.rotated) += r2

    r2 = r9                           ; @29
    r2 <<= r1                         ; 64-bit registers: both halves take part
    r3 = r2
    r3 >>= 24                         ; by a constant: half the words
    r2 ^= r3
    lock *(u64 *)(r0 + sums.shifted) += r2; @30

    r2 = r9                           ; @31
    r2 *= r6                          ; 32 by 32 bits give 64: the card has no wider product
    lock *(u64 *)(r0 + sums.product) += r2
pass:
    r0 = XDP_PASS                     ; @32
    exit
`

const c = `struct sums { __u64 rotated, shifted, product; };

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __type(key, __u32);
    __type(value, struct sums);
    __uint(max_entries, 1);
} gym SEC(".maps");

SEC("xdp")
int workout(struct xdp_md *ctx)
{
    __u8 *data = (void *)(long)ctx->data;
    __u8 *data_end = (void *)(long)ctx->data_end;
    __u32 zero = 0, far, address;
    struct sums *sums;
    __u64 port, wide;

    if (data + 38 > data_end)
        return XDP_PASS;
    port = bpf_ntohs(*(__u16 *)(data + 34));
    address = bpf_ntohl(*(__u32 *)(data + 26));
    sums = bpf_map_lookup_elem(&gym, &zero);
    if (!sums)
        return XDP_PASS;

    far = (port & 15) | 1;
    __sync_fetch_and_add(&sums->rotated, (__u64)(address << far | address >> (32 - far)));
    wide = (__u64)address << far;
    __sync_fetch_and_add(&sums->shifted, wide ^ wide >> 24);
    __sync_fetch_and_add(&sums->product, address * port);
    return XDP_PASS;
}
`

export const gym: Demo = {
  id: 'gym',
  title: 'Shift and multiply gym',
  shows: 'Variable shifts, narrow multiplication, ALU32',
  sentence:
    'The same arithmetic in 32 and in 64 bits: see what each instruction becomes on a core with 32-bit registers.',
  story: `BPF has 64-bit registers, the card's cores have 32-bit ones: each BPF register is a pair. An addition is two words. A shift by a constant is two or three. A shift by a variable has to find out at run time which half goes where, so it is a small program of its own.

The cores multiply 8 bits a step. The driver asks the verifier how large the factors can get: up to 32 bits each it makes a product, above that it refuses the program.

Instructions on w registers say that the upper half is zero afterwards. Where the verifier proves that nobody reads it, the driver does not even write it.`,
  source,
  c,
  hint: {
    line: 'r1 &= 15',
    from: '15',
    to: '7',
    text: 'Change 15 to 7: shorter shifts, the same words.',
  },
  tries: [
    'Open JIT and compare the words of the two kinds of shift',
    'Turn w2 <<= w1 into r2 <<= r1 and count again',
    'Multiply r2 by itself after the product: read what the driver says',
  ],
  session: {
    seed: 13,
    traffic: {
      kind: 'synthetic',
      spec: {
        seed: 13,
        rate: 4_000_000,
        kinds: [{ weight: 1, l3: 'ipv4', l4: 'udp', dstPort: 53, flows: 1000, size: 60 }],
      },
    },
  },
  expected: {
    runs: true,
    packets: 1000,
    outcomes: { passed: 1000 },
    maps: { gym: { '00000000': 'ce799d907a010000ba2bca90ec4d0300d855c6af69551500' } },
    words: 142,
  },
}
