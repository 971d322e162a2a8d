/**
 * The little of the host's WebAssembly interface that this package uses, typed here because its TypeScript library has
 * no such types. Where there is no WebAssembly, everything runs in the precise tier.
 */

/** A WebAssembly.Memory; clonable between threads when shared. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer | SharedArrayBuffer
}

interface WasmInstance {
  readonly exports: Readonly<Record<string, (...values: number[]) => number>>
}

interface WasmHost {
  readonly Memory: new (options: { initial: number; maximum: number; shared?: boolean }) => WasmMemory
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object, imports: object) => WasmInstance
}

const PAGE_BYTES = 65_536

const host = (): WasmHost | undefined => (globalThis as { readonly WebAssembly?: WasmHost }).WebAssembly

/** Pages for so many bytes. */
export const wasmPages = (bytes: number): number => Math.ceil(bytes / PAGE_BYTES)

/** A memory of exactly the pages that `bytes` need; undefined where there is no WebAssembly (or it has no room). */
export function newWasmMemory(bytes: number, shared: boolean): WasmMemory | undefined {
  const wasm = host()
  if (!wasm) return undefined
  const pages = wasmPages(bytes)
  try {
    return new wasm.Memory({ initial: pages, maximum: pages, ...(shared ? { shared } : {}) })
  } catch {
    return undefined
  }
}

/** Compiles and instantiates; undefined where there is no WebAssembly or the page's policy forbids it. */
export function instantiate(
  bytes: Uint8Array,
  memory: WasmMemory,
  functions: Readonly<Record<string, (...values: number[]) => number | void>>,
): WasmInstance['exports'] | undefined {
  const wasm = host()
  if (!wasm) return undefined
  try {
    return new wasm.Instance(new wasm.Module(bytes), { env: { memory, ...functions } }).exports
  } catch {
    return undefined
  }
}
