typedef unsigned int u32; typedef unsigned long long u64; typedef unsigned char u8; typedef unsigned short u16;
#define SEC(n) __attribute__((section(n), used))
struct __sk_buff { u32 len, pkt_type, mark, queue_mapping, protocol, vlan_present, vlan_tci, vlan_proto, priority, ingress_ifindex, ifindex, tc_index, cb[5], hash, tc_classid, data, data_end; };
SEC("classifier") int nar(struct __sk_buff *s) {
  volatile u8 *p = (void*)s; u64 x = p[0]; x += p[1]; x += *(volatile u16*)(p+2); x += *(volatile u16*)(p+8); x += p[19]; x += p[49]; x += *(volatile u64*)(p+56); x += p[12];
  s->queue_mapping = 3; *(volatile u8*)(p+48) = 5; *(volatile u64*)(p+56) = 9;
  u8 *d = (void*)(long)s->data, *e = (void*)(long)s->data_end; if (d + 14 > e) return 2; d[3] = 4;
  return x; }
char _license[] SEC("license") = "GPL";
