/** A bounded loop: walk over any number of VLAN tags, up to a limit. */
import type { Demo } from '../demo'

const source = `; Find the protocol behind up to four VLAN tags with a loop that the verifier can see the end of.
.license GPL
.file "loop.c"
.map tags array key u32 value u64 max 8

.prog xdp loop
    r7 = *(u32 *)(r1 + ctx.data)      ; @11
    r8 = *(u32 *)(r1 + ctx.data_end)  ; @12
    r9 = 0                            ; tags so far @13
again:
    r2 = r7                           ; @20
    r2 += 18
    if r2 > r8 goto count
    r3 = *(u16 *)(r7 + 12)            ; @22
    r3 = be16 r3
    if r3 == ETH_P_8021Q goto tag     ; @23
    if r3 != ETH_P_8021AD goto count
tag:
    r7 += 4                           ; step over it @25
    r9 += 1                           ; @26
    if r9 < 4 goto again              ; four rounds at most @17
count:
    *(u32 *)(r10 - 4) = r9            ; @29
    r1 = tags ll
    r2 = r10
    r2 += -4
    call bpf_map_lookup_elem
    if r0 == 0 goto pass              ; @30
    r1 = 1                            ; @31
    lock *(u64 *)(r0 + 0) += r1
pass:
    r0 = XDP_PASS                     ; @32
    exit
`

const c = `struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __type(key, __u32);
    __type(value, __u64);
    __uint(max_entries, 8);
} tags SEC(".maps");

SEC("xdp")
int loop(struct xdp_md *ctx)
{
    __u8 *data = (void *)(long)ctx->data;
    __u8 *data_end = (void *)(long)ctx->data_end;
    __u32 depth = 0;
    __u64 *count;

#pragma nounroll
    while (depth < 4) {
        __u16 ethertype;

        if (data + 18 > data_end)
            break;
        ethertype = bpf_ntohs(*(__u16 *)(data + 12));
        if (ethertype != ETH_P_8021Q && ethertype != ETH_P_8021AD)
            break;
        data += 4;
        depth++;
    }

    count = bpf_map_lookup_elem(&tags, &depth);
    if (count)
        __sync_fetch_and_add(count, 1);
    return XDP_PASS;
}
`

export const loop: Demo = {
  id: 'loop',
  title: 'A bounded loop',
  shows: 'Backward jumps, how the verifier unrolls them, the article’s era',
  sentence: 'A loop steps over VLAN tags, four at most: the verifier walks every round and sees that it ends.',
  story: `Until Linux 5.3 the verifier refused every jump backwards, and programs were unrolled by the compiler. Since then it walks a loop round by round, each with the state the last one left, until the condition is decided.

Here r9 counts the rounds and is known in each: 0, 1, 2, 3. After the fourth the branch back cannot be taken. In the log you see the same instructions again and again with another r9.

The driver hears of each instruction once and of each jump's target; a jump backwards is one more branch word.`,
  source,
  c,
  hint: {
    line: 'if r9 < 4 goto again',
    from: '4',
    to: '1',
    text: 'Change 4 to 1: only the outermost tag is stepped over.',
  },
  tries: [
    'Delete "r9 += 1": read what the verifier says of a loop without end',
    'Choose the kernel 4.20: no loops then',
    'Compare the length of the log for 4 and for 100 rounds',
  ],
  session: {
    seed: 20,
    traffic: {
      kind: 'synthetic',
      spec: {
        seed: 20,
        rate: 4_000_000,
        kinds: [
          { weight: 50, l3: 'ipv4', l4: 'udp', dstPort: 53, flows: 100, size: 80 },
          { weight: 30, l3: 'ipv4', l4: 'udp', dstPort: 53, flows: 100, size: 80, vlan: 5 },
          { weight: 20, l3: 'ipv4', l4: 'udp', dstPort: 53, flows: 100, size: 80, vlan: 5, outerVlan: 9 },
        ],
      },
    },
  },
  expected: {
    runs: true,
    packets: 1000,
    outcomes: { passed: 1000 },
    maps: { tags: { '00000000': 'fa01000000000000', '01000000': '1b01000000000000', '02000000': 'd300000000000000' } },
    words: 82,
  },
}
