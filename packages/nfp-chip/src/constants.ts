/**
 * Numbers of the model that no public page settles, and the latencies taken from measurements, all in one place.
 *
 * Times are cycles at 800 MHz; a chip with another clock scales the memories' times by its clock (the memories run at
 * their own speed). Sources: nfp-hardware.md, section 6; nfp-isa.md, sections 6, 14 and 15; nfp-firmware.md, 5 and 6.
 * Every value marked "assumed" is listed in fidelity.md.
 */

/** Cycles from issue until the signal is seen, unloaded (nfp-hardware.md, section 6.2). */
export const LATENCY = {
  ctmRead: 59,
  ctmWrite: 50,
  /** Added for every 8 bytes beyond the first 32, in any memory. */
  perEightBytes: 1,
  /** Added when a context reaches CTM that is not its own packet's buffer. */
  ctmRemote: 40,
  ememHit: 95,
  ememMiss: 300,
  ememAtomic: 110,
  ememWrite: 100,
  imem: 150,
  /** Assumed: cluster local scratch is served in the common order, so it may not be faster than a window. */
  cls: 95,
  /** Assumed: from the arrival of work (or of an idle context) until the context runs its receive code. */
  packetDispatch: 100,
} as const

/** Cycles that a server is busy for one 16-byte unit (nfp-hardware.md, section 2.1). */
export const SERVICE = {
  ememRead: 4.0525,
  ememAtomic: 3.2198,
  imem: 4,
  cls: 2,
  macRx: 800 / 54.4,
  gro: 14,
  nbiTx: 15,
} as const

/** Cycles of instruction issue (nfp-isa.md, section 15). */
export const ISSUE = {
  branchTaken: 3,
  branchTakenAfterFlags: 4,
  branchAlways: 4,
  rtn: 4,
  /** Refill after a context swap; with the command itself a swap costs 3. */
  swap: 2,
  /** A pointer written in cycle t is used from cycle t + 4 on. */
  localMemoryPointerDelay: 4,
} as const

/** Assumed: what an indirect shift finds when the instruction before it has no A operand (Q4 of the driver). */
export const UNDEFINED_SHIFT_AMOUNT = 0

/** Assumed: taps of the pseudo-random register, a maximal 32-bit Galois register (x^32 + x^22 + x^2 + x + 1). */
export const PRNG_TAPS = 0x80200003
/** Value that every context writes into it at start (nfp-firmware.md, section 1.4), used for seed 0. */
export const PRNG_SEED = 42

/** Cycles that readers and writers of a map bucket sleep (nfp-firmware.md, section 5.1). */
export const LOCK_SLEEP = {
  readerBlocked: 64_000,
  writerBlocked: 1600,
  waitForReaders: 800,
} as const

/** Issue cycles of the firmware's map code between its memory commands (nfp-firmware.md, section 5). */
export const MAP_CODE = {
  entry: 24,
  hashFixed: 23,
  hashPerWord: 4,
  lock: 12,
  compareFixed: 10,
  comparePerWord: 2,
  cam: 20,
  exit: 24,
  /** Assumed: each further step of update and delete. */
  step: 8,
} as const

/** Assumed: issue cycles of perf_event_output, and the pace and depth of its path to the host. */
export const EVENT = {
  code: 120,
  codePerWord: 1,
  latency: 300,
  /** 28 million messages a second through PCIe. */
  service: 800 / 28,
  perByte: 800 / 7000,
  credits: 256,
  /** Longest data plus packet part of one message. */
  maxBytes: 2048,
} as const

/** Packet memory of an island (nfp-firmware.md, sections 2.5 and 8.2). */
export const CTM = {
  bytes: 128 * 1024,
  blockBytes: 256,
  /** Blocks that the NBI may hold: 51 buffers of 2 KB. */
  nbiBlocks: 408,
  /** Packets that an island may hold. */
  packets: 255,
  packetStart: 136,
  /** Frames that wait in front of the islands, per port, before the MAC drops. */
  queueDepth: 256,
} as const

/** Assumed: frames that a sender may be ahead of the wire before they are dropped. */
export const WIRE_BACKLOG = 256

/** Bytes of preamble, gap and check sequence that a frame takes on the wire beyond its data. */
export const WIRE_OVERHEAD = 24

/** Assumed: cycles from the reorder stage until a frame is on the wire or in the host's ring. */
export const EGRESS = { wire: 600, host: 1400, drop: 0 } as const

/** Share of the firmware's per-packet cycles that lies before the program. Assumed. */
export const BASE_BEFORE_PROGRAM = 0.7

/** Byte addresses of the 40-bit memory space; assumed but for the island numbers (nfp-hardware.md, section 2). */
export const MEMORY_MAP = {
  ememIsland: 24,
  imemIsland: 28,
  firstWorkerIsland: 32,
  /** Offsets inside EMEM. */
  table: 0,
  pool: 0x2000_0000,
  locks: 0x4000_0000,
  scratch: 0x5000_0000,
  scratchBytes: 65_536,
  /** log2 of the number of 128-byte buckets. */
  bucketBits: 22,
} as const

/**
 * Assumed: commands that a core may have posted without their answer being back; the next one stalls the core. This is
 * what holds a program of posted additions to the speed of the memory.
 */
export const POSTED_CREDITS = 16

/** Cycles of a quantum in the model of that name; part of the model, never tuned by speed. */
export const QUANTUM = 2000

/** Words executed in one burst before a core looks up again (only endless code gets that far). */
export const BURST_WORDS = 16_384
