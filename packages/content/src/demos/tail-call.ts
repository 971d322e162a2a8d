/** A chain of programs by tail call. Awaited on the card. */
import type { Demo } from '../demo'

const source = `; Jump into the program that knows the protocol: entry 6 of the table for TCP, entry 17 for UDP.
.license GPL
.file "tail-call.c"
.map stages prog_array key u32 value u32 max 256

.prog xdp dispatch
    r7 = *(u32 *)(r1 + ctx.data)      ; @11
    r8 = *(u32 *)(r1 + ctx.data_end)  ; @12
    r2 = r7                           ; @16
    r2 += 34
    if r2 > r8 goto pass
    r3 = *(u16 *)(r7 + 12)            ; @18
    r3 = be16 r3
    if r3 != ETH_P_IP goto pass
    r3 = *(u8 *)(r7 + 23)             ; protocol: the number of the stage @20
    r2 = stages ll
    call bpf_tail_call
pass:                                 ; no such stage: the call returns here
    r0 = XDP_PASS                     ; @21
    exit
`

const c = `struct {
    __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
    __uint(key_size, 4);
    __uint(value_size, 4);
    __uint(max_entries, 256);
} stages SEC(".maps");

SEC("xdp")
int dispatch(struct xdp_md *ctx)
{
    void *data = (void *)(long)ctx->data;
    void *data_end = (void *)(long)ctx->data_end;
    struct ethhdr *eth = data;
    struct iphdr *ip = data + sizeof(*eth);

    if ((void *)(ip + 1) > data_end)
        return XDP_PASS;
    if (eth->h_proto != bpf_htons(ETH_P_IP))
        return XDP_PASS;
    bpf_tail_call(ctx, &stages, ip->protocol);
    return XDP_PASS; /* no such stage */
}
`

export const tailCall: Demo = {
  id: 'tail-call',
  title: 'Tail calls',
  shows: 'A table of programs; what the card cannot do yet',
  sentence: 'One program jumps into another by number, and the host can exchange each of them alone.',
  story: `A tail call replaces the running program by another from a table. It does not return; where the entry is empty the caller goes on behind the call. Large programs are cut into stages this way, and a stage can be exchanged while the others run.

On the card each program lies in the code memory of fifty cores. A jump to another one needs its address there, so the table would have to be kept by the firmware, like a map. No firmware that was published does it: the driver knows neither the map type nor the helper.

The kernel accepts the program and a host runs it.`,
  source,
  c,
  hint: {
    line: 'r3 = *(u8 *)(r7 + 23)',
    from: '23',
    to: '22',
    text: 'The verdict stays: kernel yes, device no.',
  },
  tries: [
    'Read what the device says and open the doctor',
    'Write the stages as subprograms, as in “Parser in a subprogram”: the card takes them',
    'Compare what the two cost: words in the store against a jump through memory',
  ],
  session: {
    seed: 18,
    firmware: 'roadmap',
    traffic: {
      kind: 'synthetic',
      spec: {
        seed: 18,
        rate: 2_000_000,
        kinds: [
          { weight: 60, l3: 'ipv4', l4: 'tcp', dstPort: 443, flows: 200, size: 60 },
          { weight: 40, l3: 'ipv4', l4: 'udp', dstPort: 53, flows: 200, size: 60 },
        ],
      },
    },
  },
  expected: {
    runs: false,
    message:
      'map "stages": the kernel makes no map of type prog_array for a device, only array and hash (errno 22, without words of its own)',
    awaits: 'program tables in the card’s firmware',
  },
}
