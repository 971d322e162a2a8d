#include "bpf.h"

struct flow_key {
	__be32 saddr;
	__be32 daddr;
	__be16 dport;
	__u8 proto;
	__u8 mac[6];
};

enum verdict { V_PASS, V_DROP = 7 };

struct stats {
	__u64 packets;
	__u64 bytes;
	enum verdict last;
	unsigned int fast : 3;
	unsigned int slow : 5;
	union {
		__u32 word;
		__u8 parts[4];
	} u;
	struct stats *next;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct stats);
	__uint(max_entries, 256);
} counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct flow_key);
	__type(value, __u64);
	__uint(max_entries, 1024);
	__uint(map_flags, 1);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, 4);
	__uint(max_entries, 8);
} events SEC(".maps");

const volatile __u32 limit = 64;
__u64 total = 5;
static volatile __u32 seen;


__noinline int account(__u32 key, __u32 length)
{
	struct stats *entry = bpf_map_lookup_elem(&counts, &key);

	if (!entry)
		return 1;
	__sync_fetch_and_add(&entry->packets, 1);
	__sync_fetch_and_add(&entry->bytes, length);
	return 0;
}

SEC("xdp")
int count(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data;
	__u8 *end = (void *)(long)ctx->data_end;

	if (data + 34 > end)
		return XDP_PASS;
	total++;
	seen += end - data;
	if (end - data > limit)
		return XDP_PASS;
	account(data[23], end - data);
	if (data[23] == 17)
		return XDP_DROP;
	return XDP_PASS;
}

SEC("xdp")
int count_more(struct xdp_md *ctx)
{
	struct flow_key key = { .proto = 6 };
	__u64 one = 1, *value = bpf_map_lookup_elem(&flows, &key);

	if (value) {
		*value += 1;
		return XDP_PASS;
	}
	bpf_map_update_elem(&flows, &key, &one, 0);
	return account(1, ctx->data_end - ctx->data) ? XDP_ABORTED : XDP_PASS;
}

SEC("tc")
int classifier(struct __sk_buff *skb)
{
	return account(2, skb->len);
}

char _license[] SEC("license") = "GPL";
