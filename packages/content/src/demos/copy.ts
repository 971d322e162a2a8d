/** Copy kernels: what the driver makes of runs of loads and stores. */
import type { Demo } from '../demo'

const source = `; Send the packet back with its ends exchanged and 32 bytes of payload copied: loads and stores in runs.
.license GPL
.file "copy.c"

.prog xdp copy
    r7 = *(u32 *)(r1 + ctx.data)      ; @6
    r8 = *(u32 *)(r1 + ctx.data_end)  ; @7
    r2 = r7                           ; @11
    r2 += 106
    if r2 > r8 goto pass              ; all that follows stays within 106 bytes
    r3 = *(u16 *)(r7 + 12)            ; @13
    r3 = be16 r3
    if r3 != ETH_P_IP goto pass

    r1 = *(u32 *)(r7 + 0)             ; both addresses into registers, then back the other way round @16
    r2 = *(u16 *)(r7 + 4)
    r3 = *(u32 *)(r7 + 6)             ; @17
    r4 = *(u16 *)(r7 + 10)
    r5 = *(u32 *)(r7 + 26)            ; @21
    r6 = *(u32 *)(r7 + 30)            ; @22
    *(u32 *)(r7 + 0) = r3             ; @18
    *(u16 *)(r7 + 4) = r4
    *(u32 *)(r7 + 6) = r1             ; @19
    *(u16 *)(r7 + 10) = r2
    *(u32 *)(r7 + 26) = r6            ; @23
    *(u32 *)(r7 + 30) = r5            ; @24

    r1 = *(u32 *)(r7 + 42)            ; one load, one store, always the same register, ascending: @28
    *(u32 *)(r7 + 74) = r1            ; the driver gathers the eight pairs into one long read and one long write
    r1 = *(u32 *)(r7 + 46)
    *(u32 *)(r7 + 78) = r1
    r1 = *(u32 *)(r7 + 50)
    *(u32 *)(r7 + 82) = r1
    r1 = *(u32 *)(r7 + 54)
    *(u32 *)(r7 + 86) = r1
    r1 = *(u32 *)(r7 + 58)
    *(u32 *)(r7 + 90) = r1
    r1 = *(u32 *)(r7 + 62)
    *(u32 *)(r7 + 94) = r1
    r1 = *(u32 *)(r7 + 66)
    *(u32 *)(r7 + 98) = r1
    r1 = *(u32 *)(r7 + 70)
    *(u32 *)(r7 + 102) = r1
    r0 = XDP_TX                       ; @29
    exit
pass:
    r0 = XDP_PASS                     ; @12
    exit
`

const c = `struct pair { __u32 word; __u16 half; } __attribute__((packed));

SEC("xdp")
int copy(struct xdp_md *ctx)
{
    __u8 *data = (void *)(long)ctx->data;
    __u8 *data_end = (void *)(long)ctx->data_end;
    __u32 *address, *payload, first, second;
    struct pair destination, source;

    if (data + 106 > data_end)
        return XDP_PASS;
    if (*(__u16 *)(data + 12) != bpf_htons(ETH_P_IP))
        return XDP_PASS;

    __builtin_memcpy(&destination, data, 6);
    __builtin_memcpy(&source, data + 6, 6);
    __builtin_memcpy(data, &source, 6);
    __builtin_memcpy(data + 6, &destination, 6);
    address = (void *)(data + 26);
    first = address[0];
    second = address[1];
    address[0] = second;
    address[1] = first;

    payload = (void *)(data + 42);
    for (int i = 0; i < 8; i++)
        payload[8 + i] = payload[i];
    return XDP_TX;
}
`

export const copy: Demo = {
  id: 'copy',
  title: 'Copy kernels',
  shows: 'Load/store gathering, packet cache, cost before and after',
  sentence: 'Sixteen loads and stores become one long read and one long write: the driver’s passes at work.',
  story: `Each access to the packet is a command to the island's memory and back, some fifty cycles in which the thread waits. A program that copies word by word waits at every word.

The driver looks for two patterns. Loads and stores in pairs, through one register, in ascending or descending order, are gathered: one command reads all of it, one writes it. Loads from the same packet range without a store between share one read into registers, the packet cache.

In the layout JIT each pass can be switched off. Switch off "gather" and "packet cache" and compare words and cycles for each packet.`,
  source,
  c,
  hint: {
    line: 'r1 = *(u32 *)(r7 + 46)',
    from: 'r1',
    to: 'r2',
    text: 'Change r1 to r2 here: the run breaks in two. (The next line then stores what was loaded before.)',
  },
  tries: [
    'In JIT, switch the passes off one by one and compare',
    'Copy bytes instead of words: the pattern is the same, the gain larger',
    'Swap two pairs: ascending order is broken, and so is the run',
  ],
  session: {
    seed: 14,
    traffic: {
      kind: 'synthetic',
      spec: {
        seed: 14,
        rate: 4_000_000,
        kinds: [
          { weight: 90, l3: 'ipv4', l4: 'udp', dstPort: 7, flows: 100, size: 124, payload: 'counting' },
          { weight: 10, l3: 'ipv6', l4: 'udp', dstPort: 7, flows: 10, size: 124 },
        ],
      },
    },
  },
  expected: {
    runs: true,
    packets: 1000,
    outcomes: { passed: 95, transmitted: 905 },
    words: 84,
  },
}
