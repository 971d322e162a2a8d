/** The same card, the other hook: a traffic control classifier with direct action. */
import type { Demo } from '../demo'

const source = `; Drop telnet at the traffic control hook; count what is dropped.
.license GPL
.file "classifier.c"
.map refused array key u32 value u64 max 1

.prog tc classifier
    r7 = *(u32 *)(r1 + ctx.data)      ; @11
    r8 = *(u32 *)(r1 + ctx.data_end)  ; @12
    r2 = r7                           ; @18
    r2 += 38
    if r2 > r8 goto pass              ; shorter than Ethernet + IPv4 + ports
    r3 = *(u16 *)(r7 + 12)            ; @20
    r3 = be16 r3
    if r3 != ETH_P_IP goto pass
    r3 = *(u8 *)(r7 + 23)
    if r3 != IPPROTO_TCP goto pass
    r3 = *(u16 *)(r7 + 36)            ; @22
    r3 = be16 r3
    if r3 != 23 goto pass             ; telnet
    r1 = 0
    *(u32 *)(r10 - 4) = r1
    r1 = refused ll                   ; @24
    r2 = r10
    r2 += -4
    call bpf_map_lookup_elem
    if r0 == 0 goto drop              ; @25
    r1 = 1                            ; @26
    lock *(u64 *)(r0 + 0) += r1
drop:
    r0 = TC_ACT_SHOT                  ; @27
    exit
pass:
    r0 = TC_ACT_UNSPEC                ; no opinion: the card takes this and not TC_ACT_OK @19
    exit
`

const c = `struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __type(key, __u32);
    __type(value, __u64);
    __uint(max_entries, 1);
} refused SEC(".maps");

SEC("tc")
int classifier(struct __sk_buff *skb)
{
    void *data = (void *)(long)skb->data;
    void *data_end = (void *)(long)skb->data_end;
    struct ethhdr *eth = data;
    struct iphdr *ip = data + sizeof(*eth);
    __u32 zero = 0;
    __u64 *count;

    if (data + 38 > data_end)
        return TC_ACT_UNSPEC;
    if (eth->h_proto != bpf_htons(ETH_P_IP) || ip->protocol != IPPROTO_TCP)
        return TC_ACT_UNSPEC;
    if (*(__u16 *)(data + 36) != bpf_htons(23))
        return TC_ACT_UNSPEC;
    count = bpf_map_lookup_elem(&refused, &zero);
    if (count)
        __sync_fetch_and_add(count, 1);
    return TC_ACT_SHOT;
}
`

export const classifier: Demo = {
  id: 'classifier',
  title: 'TC classifier',
  shows: 'The traffic control hook, direct action, return codes',
  sentence: 'A classifier for traffic control, offloaded: the same card, another hook, other return codes.',
  story: `tc loads a BPF classifier for the ingress of an interface; with "direct-action" its return code says what happens to the packet, with "skip_sw" it runs on the card alone.

The context is a __sk_buff, of which the card knows three fields: data, data_end and len. The return codes are traffic control's: TC_ACT_SHOT drops, TC_ACT_STOLEN and TC_ACT_QUEUED drop without counting, TC_ACT_UNSPEC lets the packet go on.

The driver wants each return code to be a constant, and it refuses TC_ACT_OK: the card could not tell the classifiers after it that they need not look.`,
  source,
  c,
  hint: {
    line: 'if r3 != 23 goto pass',
    from: '23',
    to: '22',
    text: 'Change 23 to 22: ssh is dropped in place of telnet.',
  },
  tries: [
    'Return TC_ACT_OK and read what the driver says',
    'Return TC_ACT_STOLEN: dropped, but in no counter',
    'In the console: tc filter show dev ens4np0 ingress',
  ],
  session: {
    seed: 16,
    traffic: {
      kind: 'synthetic',
      spec: {
        seed: 16,
        rate: 3_000_000,
        kinds: [
          { weight: 30, l3: 'ipv4', l4: 'tcp', dstPort: 23, flows: 50, size: 60 },
          { weight: 20, l3: 'ipv4', l4: 'tcp', dstPort: 22, flows: 50, size: 120 },
          { weight: 50, l3: 'ipv4', l4: 'tcp', dstPort: 443, flows: 300, size: 590 },
        ],
      },
    },
  },
  expected: {
    runs: true,
    packets: 1000,
    outcomes: { passed: 707, dropped: 293 },
    maps: { refused: { '00000000': '2501000000000000' } },
    words: 93,
  },
}
