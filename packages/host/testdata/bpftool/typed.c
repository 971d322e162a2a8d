typedef unsigned int u32; typedef unsigned long long u64; typedef _Bool bool;
#define SEC(n) __attribute__((section(n), used))
#define __uint(name, val) int(*name)[val]
#define __type(name, val) typeof(val) *name
enum verdict { V_PASS, V_DROP = 7, V_NEG = -2 };
enum big { B_ONE = 1, B_HUGE = 0x1234567890ULL };
struct val { enum verdict v; bool yes; bool odd; char c; signed char s; unsigned int bf:3; int sbf:5; enum verdict bad; enum big b; void *p; char name[8]; unsigned char raw[4]; union { u32 word; unsigned char parts[4]; } u; };
struct { __uint(type, 2); __type(key, u32); __type(value, struct val); __uint(max_entries, 1); } m SEC(".maps");
static void *(*lookup)(void *map, const void *key) = (void *)1;
SEC("xdp") int p(void *ctx) { u32 k = 0; return lookup(&m, &k) ? 2 : 1; }
char _license[] SEC("license") = "GPL";
