/**
 * Where each thing lies within its block of the chip's memory. Offsets count 32-bit words; `…F` are 64-bit floats, still
 * counted in words and always even. The blocks themselves are layout.ts.
 */

/** Header words. */
export const HDR = {
  magic: 0,
  version: 1,
  /** Workers: number of the phase that is running; bumped by the leader. */
  phase: 2,
  /** Workers: members that finished the phase. */
  finished: 3,
  members: 4,
  /** 0 run a window, 1 leave the loop. */
  command: 5,
  /** Bumped when the code store or the program table changes. */
  programVersion: 6,
  /** Number of machine checks so far. */
  machineChecks: 7,
  nowF: 8,
  windowEndF: 10,
  /** Buckets in use, pool slots in use. */
  bucketsUsed: 12,
  poolUsed: 13,
  poolFree: 14,
  bucketFree: 15,
  /** Entry address of each port's program, -1 for none: 8 words. */
  programs: 16,
  seed: 24,
  nextIsland: 25,
  /** Members that are in their serve loop. */
  joined: 26,
  /** Most members that ever shared the work: so many tables of counts are in use. */
  mostMembers: 27,
  /** Words of each port's program: 8 words. */
  programWords: 32,

  size: 64,
} as const

/** Words of a core's block. */
export const CORE = {
  nowF: 0,
  /** Fault of the last command that could not be issued; of no meaning otherwise. */
  fault: 2,
  segmentStartF: 4,
  busyF: 6,
  wordsF: 8,
  /** Context that stopped inside a run segment, or -1. */
  running: 10,
  /** Context that ran last. */
  last: 11,
  mulA: 14,
  mulB: 15,
  /** Wake time of each context: 8 floats. */
  wakeF: 16,
  tIndex: 32,
  byteIndex: 33,
  crc: 34,
  nnGet: 35,
  nnPut: 36,
  ctxPointer: 37,
  prng: 38,
  indirectRef: 39,
  prngCycleF: 40,
  mailbox: 42,
  predicate: 46,
  camUse: 47,
  profile: 48,
  /** Words executed since the segment began. */
  segmentWords: 49,
  /** Posted commands issued, and those of them that are served. */
  posted: 50,
  postedServed: 51,
  camTag: 64,
  camState: 80,
  /** Entries from least to most recently used. */
  camOrder: 96,
  /** When the answer to each of the last 16 posted commands came back: 16 floats. */
  postedF: 112,
  nn: 144,
  lm: 272,
  /** Cycles that contexts waited, by what for (`WAIT`); place 0: ready, but another context had the core. 10 floats. */
  waitedF: 1296,
  contexts: 1328,
} as const

/** Words of a context's block. */
export const CTX = {
  gprA: 0,
  gprB: 32,
  xferIn: 64,
  xferOut: 128,
  pc: 192,
  prevAlu: 193,
  prevA: 194,
  /** Result whose sign and zero are the N and Z flags. */
  ccResult: 195,
  ccCarry: 196,
  ccOverflow: 197,
  lmPointer: 198,
  /** LM pointer writes that are not visible yet: how many, then {pointer, value, cycle in the segment} each. */
  lmPending: 202,
  lmPendingList: 203,
  /** Deferred words left before the branch or swap takes effect; where it goes (-1: swap), bubbles after them. */
  slots: 215,
  slotTarget: 216,
  slotBubbles: 217,
  /** The command that waits for its deferred words: code-store address, 40-bit address, override, issue cycle. */
  cmdPc: 218,
  cmdLo: 219,
  cmdHi: 220,
  cmdOverride: 221,
  cmdCycle: 222,
  /** local_csr_rd's value and the address of the immed that may take it. */
  latchPc: 223,
  latch: 224,
  /** Segment-relative cycle and cycle of the last flag change, while stopped inside a segment. */
  cycle: 225,
  ccCycle: 226,
  signals: 227,
  /** Signals that requests in flight will deliver. */
  signalsDue: 228,
  /** Signals that ctx_arb waits for, and whether any one is enough. */
  arbMask: 229,
  arbAny: 230,
  /** See `STATE`. */
  state: 231,
  /** See `WAIT`. */
  waitingFor: 232,
  /** Step of the firmware service that continues at the next wake-up, 0 for program words. */
  service: 233,
  /** Packet being worked on: index in the packet tables, -1 for none. */
  packet: 234,
  /** Its CTM buffer: byte offset in the chip's memory, bytes. */
  packetBase: 235,
  packetBytes: 236,
  port: 237,
  /** Words executed for this packet. */
  words: 238,
  /** Registers of the firmware services: 24 words. */
  scratch: 240,
  /** When the context went to sleep. */
  sleepF: 264,
  /** When each signal arrived (cycle), Infinity while its request is in flight: 16 floats. */
  signalTimeF: 272,
  size: 304,
} as const

export const STATE = { idle: 0, ready: 1, waiting: 2, stopped: 3 } as const

/** What a context waits for; index of `WAIT_NAMES`. */
export const WAIT = {
  none: 0,
  packet: 1,
  ctm: 2,
  imem: 3,
  emem: 4,
  lock: 5,
  event: 6,
  cls: 7,
  signal: 8,
  yield: 9,
} as const
export const WAIT_NAMES = ['', 'packet', 'CTM', 'IMEM', 'EMEM', 'map lock', 'event', 'CLS', 'signal', 'turn'] as const

/** Request log: entries a core may have outstanding, and the words of one entry. */
export const LOG = {
  entries: 64,
  words: 16,
  cycleF: 0,
  /** See `REQUEST`. */
  kind: 2,
  context: 3,
  lo: 4,
  hi: 5,
  count: 6,
  xfer: 7,
  /** Action << 2 | token of a memory command, or parts of other requests. */
  op: 8,
  signal: 9,
  data: 10,
} as const

/** Kinds of requests; `memorySwap` wakes the context when it is served, `posted` gives the core a credit back. */
export const REQUEST = { memory: 1, memorySwap: 2, done: 3, event: 4, posted: 5 } as const

/** Words of a core's block in all: a whole number of cache lines, not a power of two. */
export const CORE_WORDS = CORE.contexts + 4 * CTX.size + LOG.entries * LOG.words + 32
export const LOG_START = CORE.contexts + 4 * CTX.size

/** Words of a packet table entry (`…_F` 64-bit floats). */
export const PKT = {
  arrivedF: 0,
  startedF: 2,
  numberF: 4,
  port: 6,
  length: 7,
  /** Byte offset of its CTM buffer in the chip's memory; size in blocks. */
  base: 8,
  blocks: 9,
  sequence: 10,
  /** Parsed before the program: protocol class | L3 offset << 8 | L4 offset << 16. */
  parse: 11,
  core: 12,
  context: 13,
  words: 14,
  outcome: 15,
  queue: 16,
  exitCode: 17,
  /** Data offset in the buffer and length at the end. */
  dataOffset: 18,
  dataLength: 19,
  /** 1 when the worker is done and it waits for its turn in the reorder stage. */
  done: 20,
  doneF: 22,
  /** RSS hash. */
  hash: 24,
  next: 25,
  /** B0 at the end: the low half of the program's return value. */
  returnValue: 26,
  size: 28,
} as const

/** Counters of the leader, 64-bit floats; per-queue counts follow at `queues`. */
export const CNT = {
  received: 0,
  passed: 1,
  dropped: 2,
  transmitted: 3,
  aborted: 4,
  lost: 5,
  receivedBytes: 6,
  eventsSent: 7,
  eventsLost: 8,
  requests: 9,
  cacheHits: 10,
  cacheMisses: 11,
  macFree: 12,
  lastArrival: 13,
  eventFree: 14,
  offered: 15,
  recordsOverwritten: 16,
  eventsOverwritten: 17,
  recordHashLo: 18,
  recordHashHi: 19,
  lockWaits: 20,
  bucketsExhausted: 21,
  /** Banks: EMEM read, EMEM atomic, IMEM, CLS; four each. */
  banks: 24,
  portFree: 40,
  groFree: 48,
  txFree: 56,
  recordRead: 64,
  recordWrite: 65,
  eventRead: 66,
  eventWrite: 67,
  pcieFree: 68,
  queues: 80,
} as const

/** Words of an island's block in the leader's region. */
export const ISLAND = {
  packets: 0,
  blocks: 1,
  /** Ring of idle contexts (core << 2 | slot), ring of waiting packets, both with head and tail. */
  idleHead: 2,
  idleTail: 3,
  waitHead: 4,
  waitTail: 5,
  /** Next packet number and next block to try. */
  nextNumber: 6,
  nextBlock: 7,
  idle: 8,
  idleRing: 64,
  wait: 72,
  waitRing: 256,
  /** One word per CTM block: 1 when in use. */
  map: 328,
  size: 848,
} as const

/** Reorder stage of a port: next sequence number, next to leave, ring of packets. */
export const REORDER = { next: 0, head: 1, ring: 8, entries: 2048, size: 2056 } as const

/** Map descriptors (nfp-firmware.md, section 4.3; words 6 and up are the model's own). Type 0 none, 1 hash, 2 array. */
export const MAPS = {
  count: 256,
  words: 16,
  /** Key words << 16 | value words. */
  shape: 0,
  maxEntries: 1,
  keyMask: 2,
  valueMask: 3,
  credits: 4,
  type: 5,
  keySize: 6,
  valueSize: 7,
  /** Byte offset of the value in an entry. */
  valueOffset: 8,
} as const

/** Words of a stored bucket behind its entry: overflow tags, overflow pointers, lock word, bookkeeping. */
export const BUCKET = { tags: 0, pointers: 8, lock: 16, owner: 17, number: 18, link: 19, size: 20 } as const

export const CACHE = { sets: 6144, ways: 8, lineBits: 6 } as const

/**
 * Words of the engine's block: working state of whoever serves requests (TypeScript or WebAssembly, in turns), and constant
 * tables. Nothing here is part of the chip's state.
 */
export const ENGINE = {
  /** Earliest cycle at which any core can still issue something. */
  horizonF: 0,
  /** When the request being served is done; when its bank began. */
  doneF: 2,
  startF: 4,
  /** Cycle of the next arrival. */
  arrivalF: 6,
  /** Frames that wait in front of packet memory; 1 while packets are held back. */
  waiting: 8,
  held: 9,
  /** Words of all loaded programs together. */
  programWords: 10,
  /** Hash of the last map key. */
  hash0: 11,
  hash1: 12,
  heapSize: 14,
  /** Frames in the inbox of the functional model that are not done yet. */
  inbox: 15,
  /** Quantum model: work that each bank was given in this quantum: 16 floats. */
  bankWork: 16,
  /** Constant tables: CRC-32 by byte in four places of a word, the pad of the map hash, and `operationInfo` of commands. */
  crc: 48,
  pad: 1072,
  operations: 1112,
  /** Heap of cores with a logged request, keys (floats) of cycle * 128 + core; whether a core is in it. 128 cores at most. */
  heap: 1368,
  inHeap: 1624,
  size: 1752,
} as const

/** Packet table entries of one island (packet numbers 0..255). */
export const PACKETS_PER_ISLAND = 256
export const PACKET_BITS = 8
