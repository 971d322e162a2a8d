/** One sentence for the helpers that programs on a card meet most; the table of all helpers is helpers.ts. */

const DOCS: Readonly<Record<number, string>> = {
  1: 'Looks a key up in a map; gives a pointer to the value, or 0 when there is none.',
  2: 'Stores a value under a key; flags: BPF_ANY, BPF_NOEXIST, BPF_EXIST.',
  3: 'Removes a key from a map.',
  5: 'Time since boot in nanoseconds, without suspend.',
  6: 'Prints to the kernel trace; for debugging.',
  7: 'A random 32-bit number.',
  8: 'Number of the processor the program runs on.',
  9: 'Writes bytes into the packet; packet pointers are lost.',
  10: 'Updates the IPv4 header checksum for a changed field.',
  11: 'Updates the TCP or UDP checksum for a changed field.',
  12: 'Goes on in another program of a program array; returns only on failure.',
  23: 'Sends the packet out of another interface.',
  25: 'Sends bytes, and if wanted the start of the packet, to the host as an event.',
  26: 'Copies bytes of the packet to the stack.',
  28: 'Difference of two checksums, for use with the replace helpers.',
  44: 'Moves the start of the packet: negative makes room, positive cuts off; packet pointers are lost.',
  51: 'Sends the packet to the target that a map holds under a key.',
  54: 'Makes room for metadata before the packet; packet pointers are lost.',
  65: 'Moves the end of the packet; packet pointers are lost.',
  69: "Looks a route up in the host's tables.",
  125: 'Time since boot in nanoseconds, with suspend.',
  130: 'Copies bytes to a ring buffer.',
  131: 'Reserves bytes in a ring buffer; must be submitted or discarded.',
  132: 'Hands reserved bytes of a ring buffer to the reader.',
  133: 'Gives reserved bytes of a ring buffer back.',
  181: 'Calls a subprogram a number of times.',
  188: 'Length of the packet with all its fragments.',
}

/** Helpers that the nfp driver takes, each if the firmware has it (nfp-offload.md, section 6.1). */
export const CARD_HELPERS: ReadonlySet<number> = new Set([1, 2, 3, 7, 25, 44, 65])

/** What a helper does, in a sentence; undefined for the rarer ones. */
export function helperDoc(id: number): string | undefined {
  return DOCS[id]
}
