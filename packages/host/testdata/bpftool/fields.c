typedef unsigned int u32; typedef unsigned long long u64; typedef unsigned char u8;
#define SEC(n) __attribute__((section(n), used))
struct __sk_buff { u32 len, pkt_type, mark, queue_mapping, protocol, vlan_present, vlan_tci, vlan_proto, priority, ingress_ifindex, ifindex, tc_index, cb[5], hash, tc_classid, data, data_end, napi_id, family, remote_ip4, local_ip4, remote_ip6[4], local_ip6[4], remote_port, local_port, data_meta; u64 fk, tstamp; u32 wire_len, gso_segs; u64 sk; u32 gso_size; };
SEC("classifier") int rd(struct __sk_buff *s) {
  u64 x = s->len; x += s->pkt_type; x += s->mark; x += s->queue_mapping; x += s->protocol; x += s->vlan_present; x += s->vlan_tci; x += s->vlan_proto; x += s->priority; x += s->ingress_ifindex; x += s->ifindex; x += s->tc_index; x += s->cb[0]; x += s->cb[4]; x += s->hash; x += s->tc_classid; x += s->napi_id; x += s->tstamp; x += s->wire_len; x += s->gso_segs; x += s->gso_size;
  s->mark = 5; s->cb[1] = 7; s->priority = 3; s->tc_index = 4; s->tc_classid = 1;
  u8 *d = (void*)(long)s->data, *e = (void*)(long)s->data_end, *m = (void*)(long)s->data_meta; if (d + 14 > e) return 2; if (m + 4 <= d) x += *(u32*)m;
  return d[12] + x; }
char _license[] SEC("license") = "GPL";
