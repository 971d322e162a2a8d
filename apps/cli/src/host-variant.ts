/**
 * For tests: the variant of a demo that a host accepts. A host refuses the store to rx_queue_index; there the program
 * returns the queue instead, counted from `QUEUE_BASE`.
 */

/** Return values from here on are queue numbers. */
export const QUEUE_BASE = 100

export function forHost(source: string): string {
  return source.replace(/\*\(u32 \*\)\(r6 \+ 16\) = r1[^\n]*/, `r0 = r1\n    r0 += ${QUEUE_BASE}\n    exit`)
}
