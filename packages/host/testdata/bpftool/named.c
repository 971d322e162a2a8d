typedef unsigned int u32;
enum color { RED, GREEN = 5, BLUE = -1 };

struct v { enum color c; _Bool on; char ch; unsigned char uc; u32 lo:4, hi:28; };
struct { int (*type)[2]; u32 *key; struct v *value; int (*max_entries)[4]; } m __attribute__((section(".maps"), used));
__attribute__((section("xdp"), used)) int named(void *ctx) { void *p = &m; __asm__ volatile("" :: "r"(p)); return 2; }
char l[] __attribute__((section("license"), used)) = "GPL";
