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
    says: (m) => `may reach outside the memory that r${m[1]} points to (its ${m[2] === 'min' ? 'lowest' : 'highest'} possible offset)`,
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
    says: (m) => `accesses ${m[1] === 'stack' ? 'the stack' : `a ${m[1]}`} at an address that is no multiple of its size`,
  },
  { pattern: /^invalid bpf_context access off=(-?\d+) size=(\d+)$/, says: (m) => `uses ${m[2]} bytes at offset ${m[1]} of the context, where no such field may be used` },
  {
    pattern: /^dereference of modified ctx ptr R(\d+) off=(-?\d+)/,
    says: (m) => `uses the context through r${m[1]} after ${m[2]} was added to it`,
    advice: 'Put the offset into the load itself.',
  },
  { pattern: /^infinite loop detected at insn (\d+)$/, says: (m) => `begins a round of a loop that never ends (at ${m[1]} everything is as it was before)` },
  { pattern: /^BPF program is too large\. Processed/, about: 'program', says: () => 'takes more steps to verify than the limit of a million', advice: 'A loop with many rounds is walked round by round: lower its bound.' },
  { pattern: /^The sequence of (\d+) jumps is too complex/, about: 'program', says: (m) => `leaves ${m[1]} branches open at once, more than the verifier keeps` },
  { pattern: /^unreachable insn (\d+)$/, about: 'program', says: (m) => `has code that no path reaches (instruction ${m[1]})` },
  { pattern: /^back-edge from insn (\d+) to (\d+)$/, about: 'program', says: (m) => `jumps back from instruction ${m[1]} to ${m[2]}: this kernel takes no loops` },
  { pattern: /^jump out of range from insn (\d+) to (-?\d+)$/, about: 'program', says: (m) => `jumps from instruction ${m[1]} to ${m[2]}, outside its function` },
  { pattern: /^last insn is not an exit or jmp$/, about: 'program', says: () => 'has a function whose last instruction is neither exit nor jump' },
  { pattern: /^cannot pass map_type (\d+) into func (\w+)#/, says: (m) => `calls ${m[2]} with a map of a type (number ${m[1]}) it does not work on` },
  { pattern: /^program of this type cannot use helper (\w+)#/, says: (m) => `calls ${m[1]}, which this type of program may not use` },
  { pattern: /^invalid func unknown#(-?\d+)$/, says: (m) => `calls helper number ${m[1]}, which does not exist` },
  { pattern: /^R(\d+) type=(\w+) expected=(.+)$/, says: (m) => `passes ${kind(m[2]!)} in r${m[1]} where the helper wants ${m[3]!.split(', ').slice(0, 4).join(' or ')}` },
  { pattern: /^helper access to the packet is not allowed$/, says: () => 'passes a packet pointer to a helper that does not take one', advice: 'Copy the bytes to the stack first.' },
  { pattern: /^R(\d+) pointer arithmetic on (\w+) prohibited/, says: (m) => `calculates with r${m[1]}, ${kind(m[2]!)}` },
  { pattern: /^R(\d+) .*(?:operator .* on pointer|pointer arithmetic with .* operator|32-bit pointer arithmetic|pointer .* pointer) prohibited$/, says: (m) => `calculates with the pointer in r${m[1]} in a way that gives no pointer` },
  { pattern: /^math between (\w+) pointer and (.+) is not allowed$/, says: (m) => `adds ${m[2]!.startsWith('register') ? 'a number without a lower bound' : m[2]} to ${kind(m[1]!)}, which could leave the memory by far`, advice: BOUNDS },
  { pattern: /^value (-?\d+) makes (\w+) pointer be out of bounds$/, says: (m) => `moves ${kind(m[2]!)} as far as ${m[1]}` },
  { pattern: /^frame pointer is read only$/, says: () => 'writes r10, which always points to the stack' },
  { pattern: /^div by zero$/, says: () => 'divides by the constant 0' },
  { pattern: /^invalid shift (-?\d+)$/, says: (m) => `shifts by ${m[1]}, more than the register is wide` },
  { pattern: /uses reserved fields$/, says: () => 'has fields set that must be zero' },
  { pattern: /^unknown opcode (\w+)$/, about: 'program', says: (m) => `holds an instruction with opcode 0x${m[1]}, which does not exist` },
  { pattern: /^combined stack size of (\d+) calls is (\d+)\. Too large$/, about: 'program', says: (m) => `needs ${m[2]} bytes of stack over ${m[1]} nested calls; 512 is the limit` },
  { pattern: /^the call stack of (\d+) frames is too deep/, about: 'program', says: () => 'nests calls more than 8 deep' },
  { pattern: /^(write into|read from) map forbidden/, says: (m) => `${m[1] === 'write into' ? 'writes to' : 'reads from'} a map that programs may not ${m[1] === 'write into' ? 'write' : 'read'}` },
  { pattern: /^At program exit the register R0 has (.+) should have been in (.+)$/, says: (m) => `ends the program with a value outside ${m[2]}` },
  { pattern: /would lead to reference leak$/, says: () => 'ends the program while something it took is not given back' },
  { pattern: /leaks addr/, says: () => 'would show an address to someone who may not see it' },
  { pattern: /^BPF_ATOMIC stores into R(\d+) (\w+) is not allowed$/, says: (m) => `does an atomic operation on ${kind(m[2]!)}; only stack and map values can be used so` },
  { pattern: /^fd (-?\d+) is not pointing to valid bpf_map$/, about: 'program', says: () => 'refers to a map that is not there' },
]
