#include "bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 4);
} inner SEC(".maps");

struct inner_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 4);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, struct inner_map);
} outer SEC(".maps");

static int step(__u32 index, void *ctx)
{
	__u32 key = index & 3;
	__u64 *value = bpf_map_lookup_elem(&inner, &key);

	if (value)
		*value += index;
	return 0;
}

SEC("xdp")
int repeat(struct xdp_md *ctx)
{
	__u32 key = 0;
	void *map = bpf_map_lookup_elem(&outer, &key);

	bpf_loop(4, step, 0, 0);
	return map ? 2 : 1;
}

char _license[] SEC("license") = "Dual BSD/GPL";
