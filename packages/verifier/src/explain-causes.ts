/**
 * The catalogue behind `explain`: messages of the verifier and what they mean. First match wins.
 * `says` continues a sentence that begins with the instruction (or "The program").
 */

export interface Cause {
  readonly pattern: RegExp
  readonly about?: 'program'
  readonly says: (m: RegExpExecArray) => string
  readonly advice?: string
}

const KINDS: Readonly<Record<string, string>> = {
  scalar: 'a number',
  ctx: 'the context',
  pkt: 'a packet pointer',
  pkt_meta: 'a metadata pointer',
  pkt_end: 'the end of the packet',
  map_ptr: 'a map',
  map_value: 'a pointer into a map value',
  map_value_or_null: 'a map value that may be null',
  map_key: 'a pointer to a map key',
  fp: 'a stack pointer',
  func: 'a function',
  ringbuf_mem: 'a ring buffer record',
  ringbuf_mem_or_null: 'a ring buffer record that may be null',
}
const kind = (name: string): string => KINDS[name] ?? `a value of kind ${name}`
const BOUNDS = 'Compare the offset with its limit (unsigned) before it is used.'

export const CAUSES: readonly Cause[] = [
  {
    pattern: /^R(\d+) offset is outside of the packet$/,
    says: (m) => `reaches past the part of the packet that a check has proven for r${m[1]}`,
    advice: 'Compare the pointer plus the number of bytes with data_end first, and leave when it is greater.',
  },
  {
    pattern: /^R(\d+) !read_ok$/,
    says: (m) => `reads r${m[1]}, which holds nothing here`,
    advice: 'Set the register on every path that leads here; calls forget r1 to r5.',
  },
  {
    pattern: /^R(\d+) invalid mem access '(\w+_or_null)'$/,
    says: (m) => `uses r${m[1]}, ${kind(m[2]!)}, before it was compared with 0`,
    advice: 'Add `if rN == 0 goto …` behind the call.',
  },
  {
    pattern: /^R(\d+) invalid mem access '(\w+)'$/,
    says: (m) => `uses r${m[1]} as an address, but it is ${kind(m[2]!)}`,
  },
  {
    pattern: /^R(\d+) (min|max) value is outside of the allowed memory range$/,
    says: (m) =>
      `may reach outside the memory that r${m[1]} points to (its ${m[2] === 'min' ? 'lowest' : 'highest'} possible offset)`,
    advice: BOUNDS,
  },
  {
    pattern: /^R(\d+) min value is negative, either use unsigned index/,
    says: (m) => `adds something to r${m[1]} that may be negative`,
    advice: BOUNDS,
  },
  {
    pattern: /^R(\d+) unbounded memory access/,
    says: (m) => `uses a number of unknown size with r${m[1]}`,
    advice: BOUNDS,
  },
  {
    pattern: /^invalid (?:variable-offset )?(read from|write to) stack R(\d+) /,
    says: (m) => `${m[1] === 'read from' ? 'reads' : 'writes'} outside the 512 bytes of the stack`,
  },
  {
    pattern: /^invalid read from stack /,
    says: () => 'reads stack bytes that were never written',
    advice: 'Write them first.',
  },
  {
    pattern: /^misaligned (\w+) access/,
    says: (m) =>
      `accesses ${m[1] === 'stack' ? 'the stack' : `a ${m[1]}`} at an address that is no multiple of its size`,
  },
  {
    pattern: /^invalid bpf_context access off=(-?\d+) size=(\d+)$/,
    says: (m) => `uses ${m[2]} bytes at offset ${m[1]} of the context, where no such field may be used`,
  },
  {
    pattern: /^dereference of modified ctx ptr R(\d+) off=(-?\d+)/,
    says: (m) => `uses the context through r${m[1]} after ${m[2]} was added to it`,
    advice: 'Put the offset into the load itself.',
  },
  {
    pattern: /^infinite loop detected at insn (\d+)$/,
    says: (m) => `begins a round of a loop that never ends (at ${m[1]} everything is as it was before)`,
  },
  {
    pattern: /^BPF program is too large\. Processed/,
    about: 'program',
    says: () => 'takes more steps to verify than the limit of a million',
    advice: 'A loop with many rounds is walked round by round: lower its bound.',
  },
  {
    pattern: /^The sequence of (\d+) jumps is too complex/,
    about: 'program',
    says: (m) => `leaves ${m[1]} branches open at once, more than the verifier keeps`,
  },
  {
    pattern: /^unreachable insn (\d+)$/,
    about: 'program',
    says: (m) => `has code that no path reaches (instruction ${m[1]})`,
  },
  {
    pattern: /^back-edge from insn (\d+) to (\d+)$/,
    about: 'program',
    says: (m) => `jumps back from instruction ${m[1]} to ${m[2]}: this kernel takes no loops`,
  },
  {
    pattern: /^jump out of range from insn (\d+) to (-?\d+)$/,
    about: 'program',
    says: (m) => `jumps from instruction ${m[1]} to ${m[2]}, outside its function`,
  },
  {
    pattern: /^last insn is not an exit or jmp$/,
    about: 'program',
    says: () => 'has a function whose last instruction is neither exit nor jump',
  },
  {
    pattern: /^cannot pass map_type (\d+) into func (\w+)#/,
    says: (m) => `calls ${m[2]} with a map of a type (number ${m[1]}) it does not work on`,
  },
  {
    pattern: /^program of this type cannot use helper (\w+)#/,
    says: (m) => `calls ${m[1]}, which this type of program may not use`,
  },
  { pattern: /^invalid func unknown#(-?\d+)$/, says: (m) => `calls helper number ${m[1]}, which does not exist` },
  {
    pattern: /^R(\d+) type=(\w+) expected=(.+)$/,
    says: (m) =>
      `passes ${kind(m[2]!)} in r${m[1]} where the helper wants ${m[3]!.split(', ').slice(0, 4).join(' or ')}`,
  },
  {
    pattern: /^helper access to the packet is not allowed$/,
    says: () => 'passes a packet pointer to a helper that does not take one',
    advice: 'Copy the bytes to the stack first.',
  },
  {
    pattern: /^R(\d+) pointer arithmetic on (\w+) prohibited/,
    says: (m) => `calculates with r${m[1]}, ${kind(m[2]!)}`,
  },
  {
    pattern:
      /^R(\d+) .*(?:operator .* on pointer|pointer arithmetic with .* operator|32-bit pointer arithmetic|pointer .* pointer) prohibited$/,
    says: (m) => `calculates with the pointer in r${m[1]} in a way that gives no pointer`,
  },
  {
    pattern: /^math between (\w+) pointer and (.+) is not allowed$/,
    says: (m) =>
      `adds ${m[2]!.startsWith('register') ? 'a number without a lower bound' : m[2]} to ${kind(m[1]!)}, which could leave the memory by far`,
    advice: BOUNDS,
  },
  {
    pattern: /^value (-?\d+) makes (\w+) pointer be out of bounds$/,
    says: (m) => `moves ${kind(m[2]!)} as far as ${m[1]}`,
  },
  { pattern: /^frame pointer is read only$/, says: () => 'writes r10, which always points to the stack' },
  { pattern: /^div by zero$/, says: () => 'divides by the constant 0' },
  { pattern: /^invalid shift (-?\d+)$/, says: (m) => `shifts by ${m[1]}, more than the register is wide` },
  { pattern: /uses reserved fields$/, says: () => 'has fields set that must be zero' },
  {
    pattern: /^unknown opcode (\w+)$/,
    about: 'program',
    says: (m) => `holds an instruction with opcode 0x${m[1]}, which does not exist`,
  },
  {
    pattern: /^combined stack size of (\d+) calls is (\d+)\. Too large$/,
    about: 'program',
    says: (m) => `needs ${m[2]} bytes of stack over ${m[1]} nested calls; 512 is the limit`,
  },
  {
    pattern: /^the call stack of (\d+) frames is too deep/,
    about: 'program',
    says: () => 'nests calls more than 8 deep',
  },
  {
    pattern: /^(write into|read from) map forbidden/,
    says: (m) =>
      `${m[1] === 'write into' ? 'writes to' : 'reads from'} a map that programs may not ${m[1] === 'write into' ? 'write' : 'read'}`,
  },
  {
    pattern: /^At program exit the register R0 has (.+) should have been in (.+)$/,
    says: (m) => `ends the program with a value outside ${m[2]}`,
  },
  {
    pattern: /would lead to reference leak$/,
    says: () => 'ends the program while something it took is not given back',
  },
  { pattern: /leaks addr/, says: () => 'would show an address to someone who may not see it' },
  {
    pattern: /^BPF_ATOMIC stores into R(\d+) (\w+) is not allowed$/,
    says: (m) => `does an atomic operation on ${kind(m[2]!)}; only stack and map values can be used so`,
  },
  {
    pattern: /^fd (-?\d+) is not pointing to valid bpf_map$/,
    about: 'program',
    says: () => 'refers to a map that is not there',
  },
  { pattern: /^misaligned access/, says: () => 'must be aligned to its size, and its address may not be' },
  {
    pattern: /^tail_calls are not allowed when call stack of previous frames is (\d+)/,
    about: 'program',
    says: (m) => `does a tail call below ${m[1]} bytes of callers' stack; 256 is the limit there`,
  },
  {
    pattern: /^tail_call is not allowed in subprogs without BTF$/,
    about: 'program',
    says: () => 'does a tail call in a function, which needs type information (BTF) for its functions',
  },
  {
    pattern: /^jump into the middle of ldimm64 insn (\d+)$/,
    about: 'program',
    says: (m) => `jumps into the second half of the 64-bit load at instruction ${m[1]}`,
  },
  { pattern: /^variable (\w+) access/, says: (m) => `uses ${kind(m[1]!)} after something unknown was added to it` },
  { pattern: /^negative offset (\w+) ptr R(\d+)/, says: (m) => `uses ${kind(m[1]!)} in r${m[2]} before its beginning` },
  {
    pattern: /^invalid access to map value pointer, value_size=(\d+) off=(\d+)$/,
    about: 'program',
    says: (m) =>
      `takes the address of a map's value at offset ${m[2]}, which only arrays with one entry allow, within their ${m[1]} bytes`,
  },
  {
    pattern: /^no direct value access support for this map type$/,
    about: 'program',
    says: () => "takes the address of a map's value, which this type of map does not allow",
  },
  { pattern: /^invalid atomic operand size$/, says: () => 'does an atomic operation on less than four bytes' },
  {
    pattern: /^BPF_ATOMIC uses invalid atomic opcode (\w+)$/,
    says: (m) => `asks for atomic operation 0x${m[1]}, which does not exist`,
  },
  { pattern: /^call to invalid destination$/, about: 'program', says: () => 'calls a place outside of itself' },
  {
    pattern: /^invalid size of register (spill|fill)$/,
    says: (m) => `${m[1] === 'spill' ? 'stores' : 'loads'} a pointer in less than its eight bytes`,
  },
  {
    pattern: /^attempt to corrupt spilled pointer on stack$/,
    says: () => 'overwrites part of a pointer that lies on the stack',
  },
  {
    pattern: /^cannot return stack pointer to the caller$/,
    says: () => 'returns the address of stack that is gone after the return',
  },
  {
    pattern: /^cannot spill pointers to stack into stack frame of the caller$/,
    says: () => "stores an address of its own stack in the caller's, where it would outlive the function",
  },
  {
    pattern: /^R(\d+) subtraction from stack pointer prohibited$/,
    says: (m) => `subtracts from the stack pointer in r${m[1]}; add a negative number instead`,
  },
  {
    pattern: /^R(\d+) tried to subtract pointer from scalar$/,
    says: (m) => `subtracts a pointer from the number in r${m[1]}`,
  },
  {
    pattern:
      /^(invalid bpf_ld_imm64 insn|unrecognized bpf_ld_imm64 insn|fd_idx without fd_array is invalid|pseudo btf_id .*|ldimm64 insn .*|direct value offset .*)$/,
    about: 'program',
    says: () => 'holds a 64-bit load of a form that is not allowed',
  },
  {
    pattern: /^(?:R\d+ )?invalid zero-sized read/,
    says: () => 'passes memory of size 0 to a helper that needs at least one byte',
  },
  {
    pattern: /^R(\d+) min value is negative, either use unsigned or/,
    says: (m) => `passes a size in r${m[1]} that may be negative`,
    advice: BOUNDS,
  },
  {
    pattern: /^expected prog array map for tail call$/,
    says: () => 'does a tail call through a map that holds no programs',
  },
  { pattern: /^R(\d+) is invalid$/, says: (m) => `names register ${m[1]}; there are r0 to r10` },
  {
    pattern: /^BPF_LD_\[ABS\|IND\] instructions not allowed/,
    says: () => 'is an old-style packet load, which this type of program does not have',
  },
  {
    pattern: /^at the time of BPF_LD_ABS\|IND R6 != pointer to skb$/,
    says: () => 'is an old-style packet load, which needs the context in r6',
  },
  { pattern: /^invalid may_goto imm/, says: () => 'is a may_goto with fields set that must be zero' },
  {
    pattern: /^kernel btf_id (\d+) is not a function$/,
    about: 'program',
    says: (m) => `calls a kernel function by number ${m[1]}, which is none`,
  },
  {
    pattern:
      /invalid negative access: off=|^access beyond |^struct bpf_map doesn't have field|^cannot access ptr member/,
    says: () => "reads the kernel's own map structure at a place that is no whole field",
  },
  {
    pattern: /^Caller passes invalid args into func#\d+ \('(.*)'\)$/,
    says: (m) => `calls ${m[1]} with arguments that do not fit its prototype`,
  },
  {
    pattern: /^At subprogram exit the register R0 is not a scalar value/,
    says: () => 'ends a global function with something that is no number',
  },
  { pattern: /^At callback return/, says: () => 'ends a callback with a value outside what its helper takes' },
  {
    pattern: /^same insn cannot be used with different pointers$/,
    says: () => 'goes through different kinds of pointers on different paths',
  },
  {
    pattern: /prohibited for !root/,
    says: () => 'does pointer arithmetic that a loader without CAP_PERFMON may not do',
  },
  { pattern: /^addr_space_cast/, says: () => 'converts an address between spaces, which needs an arena' },
]
