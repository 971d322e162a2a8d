typedef unsigned int u32; typedef unsigned long long u64; typedef unsigned short u16; typedef unsigned char u8;
#define SEC(n) __attribute__((section(n), used))
#define __uint(name, val) int (*name)[val]
#define __type(name, val) typeof(val) *name
#define H(ret,name,id,...) static ret (*name)(__VA_ARGS__) = (void *)id
H(void*,lookup,1,void*,const void*); H(long,update,2,void*,const void*,const void*,u64); H(long,del,3,void*,const void*);
H(u64,ktime,5,void); H(u32,prandom,7,void); H(u32,cpuid,8,void); H(long,adj_head,44,void*,int); H(long,perf,25,void*,void*,u64,void*,u64); H(long,tail,12,void*,void*,u32); H(long,redirect_map,51,void*,u64,u64); H(u64,jiffies,118,void);
struct xdp_md { u32 data, data_end, data_meta, ingress_ifindex, rx_queue_index, egress_ifindex; };
struct { __uint(type, 2); __type(key, u32); __type(value, u64); __uint(max_entries, 4); } a8 SEC(".maps");
struct { __uint(type, 2); __type(key, u32); __type(value, u32); __uint(max_entries, 1); } a4 SEC(".maps");
struct { __uint(type, 1); __type(key, u32); __type(value, u64); __uint(max_entries, 8); } h SEC(".maps");
struct { __uint(type, 9); __type(key, u32); __type(value, u64); __uint(max_entries, 8); } lru SEC(".maps");
struct { __uint(type, 5); __type(key, u32); __type(value, u64); __uint(max_entries, 8); } pch SEC(".maps");
struct { __uint(type, 6); __type(key, u32); __type(value, u64); __uint(max_entries, 8); } pca SEC(".maps");
struct { __uint(type, 3); __uint(key_size, 4); __uint(value_size, 4); __uint(max_entries, 2); } progs SEC(".maps");
struct { __uint(type, 4); __uint(key_size, 4); __uint(value_size, 4); __uint(max_entries, 2); } ev SEC(".maps");
struct { __uint(type, 14); __uint(key_size, 4); __uint(value_size, 4); __uint(max_entries, 2); } dev SEC(".maps");
u64 glob = 5;
const volatile u32 cfg = 7;
static __attribute__((noinline)) u64 sub(u64 a, u32 b) { return a / (b + 1) + a % (b | 1); }
SEC("xdp") int one(struct xdp_md *ctx) {
  u32 k = ctx->rx_queue_index + cpuid(); u64 v = ktime() + prandom(); u64 *p;
  if ((p = lookup(&a8, &k))) *p += v;
  u32 *q = lookup(&a4, &k); if (q) *q += 1;
  if ((p = lookup(&h, &k))) *p += 1; if ((p = lookup(&lru, &k))) *p += 1; if ((p = lookup(&pch, &k))) *p += 1; if ((p = lookup(&pca, &k))) *p += 1;
  update(&h, &k, &v, 0); update(&a8, &k, &v, 0); update(&lru, &k, &v, 0); del(&h, &k); del(&lru, &k);
  v += sub(v, k); glob += v; perf(ctx, &ev, 0xffffffff, &v, 8); tail(ctx, &progs, 1);
  if (cfg == 7) adj_head(ctx, 4);
  return redirect_map(&dev, 0, 2);
}
char _license[] SEC("license") = "GPL";
