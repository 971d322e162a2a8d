/**
 * For each refusal of the driver: what capability or limit stands behind it, and what would pass, one sentence each.
 * Texts for people; the facts are those of nfp-offload.md, sections 4, 6 and 7, and nfp-jit.md, sections 7 to 14.
 */
import type { FirmwareProfile, RefusalCode } from './api'

export interface RefusalExplanation {
  /** The capability or limit, with the device's value where there is one. */
  readonly limit: (firmware: FirmwareProfile) => string
  /** What to change, in one sentence. */
  readonly suggestion: string
  /** Another firmware may take the program as it is. */
  readonly firmwareDecides?: true
}

const always = (text: string) => (): string => text

export const EXPLANATIONS: Readonly<Record<RefusalCode, RefusalExplanation>> = {
  opcode: {
    limit: always('The translator has no sequence for this instruction.'),
    suggestion:
      'Replace it: a remainder by division, multiplication and subtraction, a newer instruction by older ones (compile with -mcpu=v2).',
  },
  registers: {
    limit: always('The translator knows r0 to r10.'),
    suggestion: 'Switch off constant blinding (net.core.bpf_jit_harden) or do not name internal registers.',
  },
  'helper-missing': {
    limit: always('The firmware does not offer this helper.'),
    suggestion: 'Choose a firmware that has the helper, or do without it.',
    firmwareDecides: true,
  },
  'helper-unknown': {
    limit: always(
      'The card has seven helpers: map lookup, update and delete, random numbers, perf event output, adjust_head, adjust_tail.',
    ),
    suggestion: 'Do without this helper on the card, or run this part of the program on the host.',
  },
  'adjust-head-meta': {
    limit: always('This firmware keeps metadata in front of packets, which the driver cannot move.'),
    suggestion: 'Choose a firmware whose packets carry no metadata in front.',
    firmwareDecides: true,
  },
  'argument-not-stack': {
    limit: always('Keys, values and event data reach the firmware through the stack.'),
    suggestion: 'Copy the key, value or data to the stack and pass a pointer to it.',
  },
  'argument-variable': {
    limit: always('The stack address of an argument must be known when the program is loaded.'),
    suggestion: 'Use a constant offset from r10.',
  },
  'argument-unaligned': {
    limit: always('Local memory is addressed in words of 4 bytes.'),
    suggestion: 'Put the argument at an offset from r10 that is a multiple of 4.',
  },
  'counter-not-zero': {
    limit: always(
      'Counters are big-endian on the card, values that programs write are little-endian; only 0 is the same.',
    ),
    suggestion: 'Write zeroes to the words that are counted in (store a register that is 0) before the update.',
  },
  'counter-initialised': {
    limit: always('A word that was filled with something other than 0 cannot become a counter.'),
    suggestion: 'Start the counter at 0: update the map with zeroes, or only after the program is loaded.',
  },
  'event-flags': {
    limit: always('Events go to the ring of the processor that handles them.'),
    suggestion: 'Pass BPF_F_CURRENT_CPU (0xffffffff) in the low 32 bits of r3.',
  },
  'event-data': {
    limit: always('Event data may lie on the stack, in a map value or in the packet, or be absent (0).'),
    suggestion: 'Copy the data to the stack and pass a pointer to it.',
  },
  'event-data-changed': {
    limit: always('The kind of pointer is fixed for each call in the program.'),
    suggestion: 'Call the helper once for each kind of data.',
  },
  'exit-not-constant': {
    limit: always('The verdict of a TC program must be known at each exit.'),
    suggestion: 'Set r0 to a constant right before each exit, also in subprograms.',
  },
  'exit-action': {
    limit: always('The card can drop (2 shot, 4 stolen, 5 queued) or leave the verdict open (−1).'),
    suggestion: 'Return TC_ACT_UNSPEC (−1) to pass a packet and TC_ACT_SHOT (2) to drop it; subprograms too.',
  },
  'pointer-type': {
    limit: always('Programs on the card reach context, stack, packet and map values.'),
    suggestion: 'Test the result of a lookup for 0 before it is used, and use no other pointers.',
  },
  'pointer-changed': {
    limit: always('The words for an access depend on the kind of memory, so it must be the same on all paths.'),
    suggestion: 'Give each kind of memory a load or store of its own.',
  },
  'stack-variable': {
    limit: always('Stack addresses must be known when the program is loaded.'),
    suggestion: 'Use constant offsets from r10; unroll loops over the stack.',
  },
  'stack-moved': {
    limit: always('An access may meet several stack addresses only if they agree in the lowest two bits.'),
    suggestion: 'Keep the addresses a multiple of 4 apart.',
  },
  'map-write': {
    limit: always('Map values are written on the card only by atomic addition.'),
    suggestion: 'Count with an atomic add, or call bpf_map_update_elem.',
  },
  'map-variable': {
    limit: always('The offset in a map value must be known, since each word is either read or counted in.'),
    suggestion: 'Use constant offsets; spread an array inside the value over several map entries.',
  },
  'map-bounds': {
    limit: always('The access reaches beyond the value.'),
    suggestion: 'Access only the bytes that the map declares.',
  },
  'map-use-conflict': {
    limit: always(
      'A word of a map value is either read or counted in on the card, by all programs, as long as the map lives.',
    ),
    suggestion:
      'Keep what is read and what is counted in different words of the value; a map with old marks must be made anew.',
  },
  'context-store': {
    limit: always('The only context field a program on the card can set is rx_queue_index of xdp_md.'),
    suggestion: 'Do without the store, or do it in a program on the host.',
  },
  'queue-select-missing': {
    limit: always('The firmware cannot let programs choose the queue.'),
    suggestion: 'Choose a firmware with queue selection.',
    firmwareDecides: true,
  },
  'atomic-op': {
    limit: always('The card has atomic addition without a result.'),
    suggestion: 'Use a plain atomic add and do not ask for the old value.',
  },
  'atomic-target': {
    limit: always('Atomic addition works on map values.'),
    suggestion: 'Add without atomicity on the stack or in the packet.',
  },
  'atomic-addend': {
    limit: always('The addend must be a number.'),
    suggestion: 'Add a number, not a pointer.',
  },
  'multiply-range': {
    limit: always('The chip multiplies numbers of up to 32 bits.'),
    suggestion: 'Mask both factors to 32 bits before (w1 = w1), or use a 32-bit multiplication.',
  },
  'divide-range': {
    limit: always('The chip divides numbers of up to 32 bits, by multiplication with a reciprocal.'),
    suggestion: 'Mask the dividend to 32 bits before (w1 = w1).',
  },
  'divide-variable': {
    limit: always('The divisor must be known when the program is loaded, since its reciprocal is.'),
    suggestion: 'Divide by a constant, or by a power of two with a shift.',
  },
  'divide-negative': {
    limit: always('Only positive divisors are supported.'),
    suggestion: 'Divide by the positive constant and negate the quotient.',
  },
  'stack-too-large': {
    limit: (firmware) => `This firmware has ${firmware.stackSize} bytes of stack; every frame takes a multiple of 64.`,
    suggestion: 'Use less stack, or fewer nested subprograms: each adds 4 bytes, and 32 more if it writes r6 to r9.',
    firmwareDecides: true,
  },
  optimisation: {
    limit: always('The driver could not follow what the kernel removed.'),
    suggestion: 'Remove the dead code from the source.',
  },
  'program-too-long': {
    limit: (firmware) => `This port takes ${firmware.maxLen} words.`,
    suggestion:
      'Shorten the program: neighbouring packet loads share reads, constants below 256 need no words of their own.',
    firmwareDecides: true,
  },
  translation: {
    limit: always('The driver accepted the instruction while checking, and has no words for it.'),
    suggestion:
      'Store a register instead of a constant, and use only the fields data and data_end (with TC also len) of the context.',
  },
  'map-type': {
    limit: always('The firmware does not have maps of this type.'),
    suggestion: 'Use another map type, or a firmware that has this one.',
    firmwareDecides: true,
  },
  'map-flags': {
    limit: always('Maps on the card take no flags.'),
    suggestion: 'Remove the map flags.',
  },
  'map-count': {
    limit: (firmware) => `This firmware holds ${firmware.maps.maxMaps} maps.`,
    suggestion: 'Use fewer maps: put several tables into one with a larger key.',
    firmwareDecides: true,
  },
  'map-elements': {
    limit: (firmware) => `This firmware holds ${firmware.maps.maxElems} elements in all maps together.`,
    suggestion: 'Lower max_entries.',
    firmwareDecides: true,
  },
  'map-element-size': {
    limit: (firmware) =>
      `Key and value, each rounded up to 8 bytes, may take ${firmware.maps.maxElemSize} bytes together.`,
    suggestion: 'Use a shorter key or value.',
    firmwareDecides: true,
  },
  'map-key-size': {
    limit: (firmware) => `Keys may have ${firmware.maps.maxKeySize} bytes.`,
    suggestion: 'Use a shorter key, for example a hash of it.',
    firmwareDecides: true,
  },
  'map-value-size': {
    limit: (firmware) => `Values may have ${firmware.maps.maxValueSize} bytes.`,
    suggestion: 'Use a shorter value, or spread it over two maps.',
    firmwareDecides: true,
  },
  'no-maps': {
    limit: always('This firmware has no maps.'),
    suggestion: 'Choose a firmware with maps, or do without.',
    firmwareDecides: true,
  },
}
