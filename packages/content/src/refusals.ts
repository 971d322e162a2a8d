/**
 * Ten programs that the kernel's verifier refuses and ten that the card refuses, each with the words it is refused
 * with, what they mean, and the same program cured. Data only; the last item of the gallery.
 */

export interface Refusal {
  readonly id: string
  readonly by: 'kernel' | 'device'
  readonly title: string
  /** A line of the refusal's text. */
  readonly message: string
  /** What it means and what to do, in a few sentences. */
  readonly why: string
  readonly source: string
  /** The smallest change that passes. */
  readonly cure: string
}

const LOOKUP = `    r1 = 0
    *(u32 *)(r10 - 4) = r1
    r1 = counts ll
    r2 = r10
    r2 += -4
    call bpf_map_lookup_elem
`
const COUNTS = '.map counts array key u32 value u64 max 4\n'
/** Of an array with a known key the verifier knows that the entry is there; a hash may have none. */
const FLOWS = '.map counts hash key u32 value u64 max 4\n'
const PASS = '    r0 = XDP_PASS\n    exit\n'
const DATA = `    r7 = *(u32 *)(r1 + ctx.data)
    r8 = *(u32 *)(r1 + ctx.data_end)
    r2 = r7
    r2 += 34
    if r2 > r8 goto pass
`

export const REFUSALS: readonly Refusal[] = [
  {
    id: 'unset-register',
    by: 'kernel',
    title: 'A register nobody wrote',
    message: 'R3 !read_ok',
    why: 'At the start only r1 (the context) and r10 (the stack) hold something. Reading any other register before writing it would show what was left there. Write it first.',
    source: `.prog xdp main\n    r0 = r3\n    exit\n`,
    cure: `.prog xdp main\n    r3 = XDP_PASS\n    r0 = r3\n    exit\n`,
  },
  {
    id: 'no-return',
    by: 'kernel',
    title: 'No return value on one path',
    message: 'R0 !read_ok',
    why: 'r0 is the verdict. On the path that jumps to "out" nobody has set it. Set it on every path; the verifier walks them all.',
    source: `.prog xdp main\n    r2 = *(u32 *)(r1 + ctx.data)\n    r3 = *(u32 *)(r1 + ctx.data_end)\n    r2 += 60\n    if r2 > r3 goto out\n    r0 = XDP_DROP\nout:\n    exit\n`,
    cure: `.prog xdp main\n    r2 = *(u32 *)(r1 + ctx.data)\n    r3 = *(u32 *)(r1 + ctx.data_end)\n    r0 = XDP_PASS\n    r2 += 60\n    if r2 > r3 goto out\n    r0 = XDP_DROP\nout:\n    exit\n`,
  },
  {
    id: 'unchecked-packet',
    by: 'kernel',
    title: 'A packet read without a look at its end',
    message: 'invalid access to packet, off=23 size=1, R7(id=0,off=23,r=0)',
    why: 'A packet may be shorter than you think. "r=0" says how many bytes are proven to be there: none. Compare the pointer to the end with data_end first; on the branch where it is not beyond, the range is known.',
    source: `.prog xdp main\n    r7 = *(u32 *)(r1 + ctx.data)\n    r3 = *(u8 *)(r7 + 23)\n${PASS}`,
    cure: `.prog xdp main\n${DATA}    r3 = *(u8 *)(r7 + 23)\npass:\n${PASS}`,
  },
  {
    id: 'unchecked-lookup',
    by: 'kernel',
    title: 'A look-up that may have found nothing',
    message: "R0 invalid mem access 'map_value_or_null'",
    why: 'The look-up returns a pointer or zero. Until you compare r0 with zero it is "map_value_or_null", and nothing may be read through it.',
    source: `${FLOWS}.prog xdp main\n${LOOKUP}    r1 = 1\n    lock *(u64 *)(r0 + 0) += r1\n${PASS}`,
    cure: `${FLOWS}.prog xdp main\n${LOOKUP}    if r0 == 0 goto out\n    r1 = 1\n    lock *(u64 *)(r0 + 0) += r1\nout:\n${PASS}`,
  },
  {
    id: 'beyond-value',
    by: 'kernel',
    title: 'Beyond the end of a map value',
    message: 'invalid access to map value, value_size=8 off=8 size=8',
    why: 'The value has eight bytes, the access begins at the ninth. The message gives the size, the offset and the width; make the value larger or the offset smaller.',
    source: `${COUNTS}.prog xdp main\n${LOOKUP}    if r0 == 0 goto out\n    r1 = 1\n    lock *(u64 *)(r0 + 8) += r1\nout:\n${PASS}`,
    cure: `${COUNTS}.prog xdp main\n${LOOKUP}    if r0 == 0 goto out\n    r1 = 1\n    lock *(u64 *)(r0 + 0) += r1\nout:\n${PASS}`,
  },
  {
    id: 'beyond-stack',
    by: 'kernel',
    title: 'Below the stack',
    message: 'invalid write to stack R10 off=-520 size=8',
    why: 'A program has 512 bytes of stack, from r10 - 512 to r10 - 1.',
    source: `.prog xdp main\n    r1 = 0\n    *(u64 *)(r10 - 520) = r1\n${PASS}`,
    cure: `.prog xdp main\n    r1 = 0\n    *(u64 *)(r10 - 512) = r1\n${PASS}`,
  },
  {
    id: 'endless',
    by: 'kernel',
    title: 'A loop that does not end',
    message: 'infinite loop detected at insn 1',
    why: 'The verifier came back to the same instruction with nothing changed: the loop would run for ever. Let something it can follow count down or up.',
    source: `.prog xdp main\n    r6 = 4\nagain:\n    if r6 > 0 goto again\n${PASS}`,
    cure: `.prog xdp main\n    r6 = 4\nagain:\n    r6 += -1\n    if r6 > 0 goto again\n${PASS}`,
  },
  {
    id: 'stale-pointer',
    by: 'kernel',
    title: 'A packet pointer from before adjust_head',
    message: "R7 invalid mem access 'scalar'",
    why: 'bpf_xdp_adjust_head moves the start of the packet, so all packet pointers of before are void: the verifier makes them plain numbers. Load data and data_end again and compare again.',
    source: `.prog xdp main\n    r6 = r1\n${DATA}    r1 = r6\n    r2 = 14\n    call bpf_xdp_adjust_head\n    r3 = *(u8 *)(r7 + 0)\npass:\n${PASS}`,
    cure: `.prog xdp main\n    r6 = r1\n${DATA}    r1 = r6\n    r2 = 14\n    call bpf_xdp_adjust_head\n    r7 = *(u32 *)(r6 + ctx.data)\n    r8 = *(u32 *)(r6 + ctx.data_end)\n    r2 = r7\n    r2 += 1\n    if r2 > r8 goto pass\n    r3 = *(u8 *)(r7 + 0)\npass:\n${PASS}`,
  },
  {
    id: 'pointer-product',
    by: 'kernel',
    title: 'Arithmetic that pointers do not have',
    message: 'R7 pointer arithmetic with *= operator prohibited',
    why: 'A pointer may have numbers added and subtracted, and another pointer of the same packet subtracted. Anything else would make it point nowhere. Copy the difference into a register and calculate with that.',
    source: `.prog xdp main\n${DATA}    r7 *= 2\npass:\n${PASS}`,
    cure: `.prog xdp main\n${DATA}    r8 -= r7\n    r8 &= 0xffff\n    r8 *= 2\npass:\n${PASS}`,
  },
  {
    id: 'wrong-argument',
    by: 'kernel',
    title: 'The wrong argument for a helper',
    message: 'R1 type=scalar expected=ctx',
    why: 'Each helper says what its arguments must be. bpf_xdp_adjust_head wants the context in r1; here r1 was overwritten. Keep the context in r6 to r9 and copy it back before the call.',
    source: `.prog xdp main\n    r1 = 0\n    r2 = 14\n    call bpf_xdp_adjust_head\n${PASS}`,
    cure: `.prog xdp main\n    r2 = 14\n    call bpf_xdp_adjust_head\n${PASS}`,
  },
  {
    id: 'map-store',
    by: 'device',
    title: 'A plain store into a map value',
    message: 'map writes not supported',
    why: 'Fifty cores share the map; a plain store of one could undo what another did. The card has atomic addition only. Other changes to a value go through bpf_map_update_elem.',
    source: `${COUNTS}.prog xdp main\n${LOOKUP}    if r0 == 0 goto out\n    r1 = 1\n    *(u64 *)(r0 + 0) = r1\nout:\n${PASS}`,
    cure: `${COUNTS}.prog xdp main\n${LOOKUP}    if r0 == 0 goto out\n    r1 = 1\n    lock *(u64 *)(r0 + 0) += r1\nout:\n${PASS}`,
  },
  {
    id: 'modulo',
    by: 'device',
    title: 'A remainder',
    message: 'instruction 0x97 not supported',
    why: 'The cores have no divider, and the driver has no code for a remainder. For a power of two use "and"; for others multiply by a reciprocal.',
    source: `.prog xdp main\n${DATA}    r3 = *(u16 *)(r7 + 16)\n    r3 %= 16\npass:\n${PASS}`,
    cure: `.prog xdp main\n${DATA}    r3 = *(u16 *)(r7 + 16)\n    r3 &= 15\npass:\n${PASS}`,
  },
  {
    id: 'helper',
    by: 'device',
    title: 'A helper the card does not have',
    message: 'unsupported function id: 5',
    why: 'Function 5 is bpf_ktime_get_ns. The card has seven helpers: look-up, update, delete, random number, perf event, adjust_head and adjust_tail. Take the time on the host, when the event arrives.',
    source: `.prog xdp main\n    call bpf_ktime_get_ns\n${PASS}`,
    cure: `.prog xdp main\n    call bpf_get_prandom_u32\n${PASS}`,
  },
  {
    id: 'atomic-or',
    by: 'device',
    title: 'An atomic operation other than addition',
    message: 'atomic op not implemented: 64',
    why: 'Number 64 is "or". The driver translates atomic addition without a returned value and nothing else. Count events in separate words in place of setting bits.',
    source: `${COUNTS}.prog xdp main\n${LOOKUP}    if r0 == 0 goto out\n    r1 = 1\n    lock *(u64 *)(r0 + 0) |= r1\nout:\n${PASS}`,
    cure: `${COUNTS}.prog xdp main\n${LOOKUP}    if r0 == 0 goto out\n    r1 = 1\n    lock *(u64 *)(r0 + 0) += r1\nout:\n${PASS}`,
  },
  {
    id: 'key-alignment',
    by: 'device',
    title: 'A key that is not aligned',
    message: 'map_lookup: unaligned stack pointer',
    why: 'The stack lies in the core’s local memory, which is read by words of four bytes. Keys, values and event data must begin at a multiple of four.',
    source: `.map macs hash key u8[6] value u64 max 16\n.prog xdp main\n    r3 = 0\n    *(u64 *)(r10 - 8) = r3\n    r1 = macs ll\n    r2 = r10\n    r2 += -6\n    call bpf_map_lookup_elem\n${PASS}`,
    cure: `.map macs hash key u8[6] value u64 max 16\n.prog xdp main\n    r3 = 0\n    *(u64 *)(r10 - 8) = r3\n    r1 = macs ll\n    r2 = r10\n    r2 += -8\n    call bpf_map_lookup_elem\n${PASS}`,
  },
  {
    id: 'variable-divisor',
    by: 'device',
    title: 'Division by what is not known',
    message: 'divisor is not constant',
    why: 'Division becomes multiplication by a reciprocal that the driver computes when it loads the program, so the divisor must be known then. Divide by a constant, or divide on the host.',
    source: `.prog xdp main\n${DATA}    r3 = *(u16 *)(r7 + 16)\n    r4 = *(u8 *)(r7 + 22)\n    r3 /= r4\npass:\n${PASS}`,
    cure: `.prog xdp main\n${DATA}    r3 = *(u16 *)(r7 + 16)\n    r3 /= 10\npass:\n${PASS}`,
  },
  {
    id: 'wide-product',
    by: 'device',
    title: 'A product of more than 32 by 32 bits',
    message: 'multiplier is not within u32 value range',
    why: 'The cores multiply 32 by 32 bits. The verifier knows how large a register can be; where that is more than 32 bits the driver refuses. Mask the factor, or use a w register.',
    source: `.prog xdp main\n${DATA}    r8 -= r7\n    r3 = *(u16 *)(r7 + 16)\n    r8 *= r3\npass:\n${PASS}`,
    cure: `.prog xdp main\n${DATA}    r8 -= r7\n    r8 &= 0x3fff\n    r3 = *(u16 *)(r7 + 16)\n    r8 *= r3\npass:\n${PASS}`,
  },
  {
    id: 'event-processor',
    by: 'device',
    title: 'An event for a chosen processor',
    message: 'event_output: must use BPF_F_CURRENT_CPU',
    why: 'The card knows nothing of the host’s processors: the lower half of the flags must be the constant BPF_F_CURRENT_CPU, and the host spreads the events.',
    source: `.map events perf_event_array key u32 value u32 max 8\n.prog xdp main\n    r2 = 0\n    *(u64 *)(r10 - 8) = r2\n    r2 = events ll\n    r3 = 0\n    r4 = r10\n    r4 += -8\n    r5 = 8\n    call bpf_perf_event_output\n${PASS}`,
    cure: `.map events perf_event_array key u32 value u32 max 8\n.prog xdp main\n    r2 = 0\n    *(u64 *)(r10 - 8) = r2\n    r2 = events ll\n    r3 = BPF_F_CURRENT_CPU ll\n    r4 = r10\n    r4 += -8\n    r5 = 8\n    call bpf_perf_event_output\n${PASS}`,
  },
  {
    id: 'tc-ok',
    by: 'device',
    title: 'A classifier that returns TC_ACT_OK',
    message: 'unsupported exit state',
    why: 'TC_ACT_OK says that later classifiers need not look; the card cannot tell them. TC_ACT_UNSPEC lets the packet go on, TC_ACT_SHOT drops it.',
    source: `.prog tc main\n    r0 = TC_ACT_OK\n    exit\n`,
    cure: `.prog tc main\n    r0 = TC_ACT_UNSPEC\n    exit\n`,
  },
  {
    id: 'large-element',
    by: 'device',
    title: 'A map with elements too large',
    message: 'map elements too large',
    why: 'Key and value together have a limit that the firmware names: 64 bytes, each rounded up to eight. Keep the rest of the value on the host, under the same key.',
    source: `.map flows hash key u32 value u8[72] max 16\n.prog xdp main\n    r1 = flows ll\n${PASS}`,
    cure: `.map flows hash key u32 value u8[56] max 16\n.prog xdp main\n    r1 = flows ll\n${PASS}`,
  },
]
