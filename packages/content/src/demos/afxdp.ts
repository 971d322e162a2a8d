/** AF_XDP steering: each receive queue straight into a socket's ring. Awaited on the card; a host runs it today. */
import type { Demo } from '../demo'

const source = `; UDP to port 4789 goes straight into the ring of the socket that is bound to the receive queue.
.license GPL
.file "afxdp.c"
.map sockets xskmap key u32 value u32 max 64

.prog xdp steer
    r7 = *(u32 *)(r1 + ctx.data)      ; @11
    r8 = *(u32 *)(r1 + ctx.data_end)  ; @12
    r2 = r7                           ; @16
    r2 += 42
    if r2 > r8 goto pass
    r3 = *(u16 *)(r7 + 12)            ; @18
    r3 = be16 r3
    if r3 != ETH_P_IP goto pass
    r3 = *(u8 *)(r7 + 23)
    if r3 != IPPROTO_UDP goto pass
    r3 = *(u16 *)(r7 + 36)            ; @20
    r3 = be16 r3
    if r3 != 4789 goto pass           ; VXLAN
    r2 = *(u32 *)(r1 + ctx.rx_queue_index); @22
    r1 = sockets ll
    r3 = XDP_PASS                     ; where no socket is bound
    call bpf_redirect_map
    exit
pass:
    r0 = XDP_PASS                     ; @17
    exit
`

const c = `struct {
    __uint(type, BPF_MAP_TYPE_XSKMAP);
    __type(key, __u32);
    __type(value, __u32);
    __uint(max_entries, 64);
} sockets SEC(".maps");

SEC("xdp")
int steer(struct xdp_md *ctx)
{
    void *data = (void *)(long)ctx->data;
    void *data_end = (void *)(long)ctx->data_end;
    struct ethhdr *eth = data;
    struct iphdr *ip = data + sizeof(*eth);

    if (data + 42 > data_end)
        return XDP_PASS;
    if (eth->h_proto != bpf_htons(ETH_P_IP) || ip->protocol != IPPROTO_UDP)
        return XDP_PASS;
    if (*(__u16 *)(data + 36) != bpf_htons(4789))
        return XDP_PASS;
    return bpf_redirect_map(&sockets, ctx->rx_queue_index, XDP_PASS);
}
`

export const afxdp: Demo = {
  id: 'afxdp',
  title: 'AF_XDP steering',
  shows: 'Redirect into a socket’s ring; what the card cannot do yet',
  sentence: 'Packets of one kind go past the kernel into a socket’s own ring, chosen by receive queue.',
  story: `An AF_XDP socket has rings in memory that it shares with the driver. A program returns "redirect into entry n of the socket map", and the packet is in user space without a copy.

The helper that does this is bpf_redirect_map. The kernel accepts the program; the card does not: it has no such helper, and its program may not read the receive queue, which it has not chosen yet when the program runs.

A card that could do it was planned: the program would write the queue, and the queue would belong to the socket. Until then run it in driver mode: in the console, "ip link set dev ens4np0 xdpdrv obj …".`,
  source,
  c,
  hint: { line: 'if r3 != 4789 goto pass', from: '4789', to: '53', text: 'The verdict stays: kernel yes, device no.' },
  tries: [
    'Read what the device says and open the doctor',
    'Write the queue instead of reading it, as in “Programmable RSS”',
    'Compare with “Two stages”: what the card can do, and what is left to the driver',
  ],
  session: {
    seed: 17,
    firmware: 'roadmap',
    traffic: {
      kind: 'synthetic',
      spec: {
        seed: 17,
        rate: 2_000_000,
        kinds: [
          { weight: 60, l3: 'ipv4', l4: 'udp', dstPort: 4789, flows: 200, size: 130 },
          { weight: 40, l3: 'ipv4', l4: 'tcp', dstPort: 443, flows: 200, size: 590 },
        ],
      },
    },
  },
  expected: {
    runs: false,
    message:
      'map "sockets": the kernel makes no map of type xskmap for a device, only array and hash (errno 22, without words of its own)',
    awaits: 'socket maps and redirection on the card',
  },
}
