#include "bpf.h"

struct bpf_map_def {
	__u32 type, key_size, value_size, max_entries, map_flags;
};

struct bpf_map_def SEC("maps") table = { BPF_MAP_TYPE_HASH, 4, 8, 128, 1 };
struct bpf_map_def SEC("maps") slots = { BPF_MAP_TYPE_ARRAY, 4, 16, 8, 0 };

SEC("xdp_old")
int old(struct xdp_md *ctx)
{
	__u32 key = ctx->rx_queue_index;
	__u64 *value = bpf_map_lookup_elem(&table, &key);

	return value || bpf_map_lookup_elem(&slots, &key) ? 2 : 1;
}

SEC("classifier/two")
int two(struct __sk_buff *skb)
{
	return skb->mark ? 0 : 2;
}

char _license[] SEC("license") = "GPL";
