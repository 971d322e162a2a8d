/**
 * The memory that host programs see: one array of bytes that holds context, stack, packet and map values, so that a
 * pointer is an index with an upper half that says nothing but "stack" or "other"; helpers, interpreter and translated
 * code share it. Every access of the interpreter is checked against the regions that exist; nothing else is readable.
 *
 * Layout: 0 … 0xfff never valid (null), then context, map handles, stack, packet buffer, and the heap of map values.
 */
import { wasmPlatform } from '@offload/wasm'
import type { WasmMemory } from '@offload/wasm'

/** Upper half of every pointer: an address like the kernel's direct map, so that pointers are "negative" as there. */
export const POINTER_HIGH = 0xffff8881 | 0

/** Upper half of pointers to the stack: above all others, as the kernel's stacks lie above its direct map. */
export const STACK_HIGH = 0xffffc900 | 0

export const CTX_AT = 0x1000
export const CTX_SIZE = 192
/** Scratch for keys and values of host-side map operations. */
export const HANDLES_AT = 0x2000
/** Bytes of a map handle (what a map pointer points at). */
export const HANDLE_SIZE = 64
export const MAX_MAPS = 1024
export const STACK_AT = HANDLES_AT + HANDLE_SIZE * MAX_MAPS
export const FRAME_SIZE = 512
/** Eight frames of calls, and as many of callbacks of helpers. */
export const MAX_FRAMES = 16
export const STACK_TOP = STACK_AT + FRAME_SIZE * MAX_FRAMES
export const PACKET_AT = (STACK_TOP + 0xfff) & ~0xfff
/** Room for the largest packet on either side of a socket buffer's start. */
export const PACKET_SIZE = 0x22000
export const HEAP_AT = PACKET_AT + PACKET_SIZE

/** Largest memory: 1 GiB of map values are refused before this. */
const MAX_MEMORY = 0x7fff0000

const WASM_PAGE = 0x10000

export class GuestMemory {
  /** Set once translated programs work on the same bytes. */
  wasmMemory: WasmMemory | undefined
  bytes: Uint8Array = new Uint8Array(HEAP_AT + WASM_PAGE)
  view: DataView = new DataView(this.bytes.buffer)
  /** Regions given back so far, for those who remember a region's bounds. */
  released = 0
  private top = HEAP_AT
  private readonly free = new Map<number, number[]>()
  /** Live heap regions, sorted by start. */
  private starts: number[] = []
  private ends: number[] = []
  private lastStart = 0
  private lastEnd = 0

  /** Moves the bytes into a WebAssembly memory; undefined where there is none to be had. */
  toWasm(): WasmMemory | undefined {
    const wasm = wasmPlatform()
    if (this.wasmMemory || !wasm) return this.wasmMemory
    try {
      const memory = new wasm.Memory({ initial: Math.ceil(this.bytes.length / WASM_PAGE) })
      const bytes = new Uint8Array(memory.buffer)
      bytes.set(this.bytes)
      this.wasmMemory = memory
      this.use(bytes)
    } catch {
      // Address space is a resource of the host: the interpreter does without.
    }
    return this.wasmMemory
  }

  private use(bytes: Uint8Array): void {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer)
  }

  /** Zeroed, 8-aligned bytes; undefined when there is no room. */
  alloc(size: number): number | undefined {
    const rounded = Math.max(8, (size + 7) & ~7)
    if (!(size >= 0) || size > MAX_MEMORY) return undefined
    const reused = this.free.get(rounded)?.pop()
    const at = reused ?? this.top
    if (reused === undefined) {
      if (this.top + rounded > MAX_MEMORY) return undefined
      this.top += rounded
      if (!this.reserve(this.top)) {
        this.top -= rounded
        return undefined
      }
    } else this.bytes.fill(0, at, at + rounded)
    const index = this.regionIndex(at) + 1
    this.starts.splice(index, 0, at)
    this.ends.splice(index, 0, at + rounded)
    return at
  }

  /** Gives back what `alloc` gave with the same size. */
  release(at: number, size: number): void {
    const rounded = Math.max(8, (size + 7) & ~7)
    const index = this.regionIndex(at)
    if (this.starts[index] !== at) return
    this.starts.splice(index, 1)
    this.ends.splice(index, 1)
    this.lastEnd = 0
    this.released++
    const list = this.free.get(rounded)
    if (list) list.push(at)
    else this.free.set(rounded, [at])
  }

  /** Bytes of heap in use. */
  get heapUsed(): number {
    return this.starts.reduce((sum, start, i) => sum + this.ends[i]! - start, 0)
  }

  /** True when [at, at + size) lies in one live heap region. */
  inHeap(at: number, size: number): boolean {
    if (at >= this.lastStart && at + size <= this.lastEnd) return true
    const index = this.regionIndex(at)
    if (index < 0 || at + size > this.ends[index]!) return false
    this.lastStart = this.starts[index]!
    this.lastEnd = this.ends[index]!
    return true
  }

  /** Bounds of the live heap region around `at`. */
  heapRegion(at: number): { readonly start: number; readonly end: number } | undefined {
    const index = this.regionIndex(at)
    return index >= 0 && at < this.ends[index]! ? { start: this.starts[index]!, end: this.ends[index]! } : undefined
  }

  /** Index of the last region that starts at or before `at`, or -1. */
  private regionIndex(at: number): number {
    let low = 0
    let high = this.starts.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.starts[middle]! <= at) low = middle + 1
      else high = middle
    }
    return low - 1
  }

  private reserve(size: number): boolean {
    if (size <= this.bytes.length) return true
    try {
      const wanted = Math.min(MAX_MEMORY, Math.max(size, this.bytes.length * 2))
      if (this.wasmMemory) {
        this.wasmMemory.grow(Math.ceil((wanted - this.bytes.length) / WASM_PAGE))
        this.use(new Uint8Array(this.wasmMemory.buffer))
      } else {
        const bigger = new Uint8Array(wanted)
        bigger.set(this.bytes)
        this.use(bigger)
      }
      return true
    } catch {
      return false
    }
  }
}
