/** The chip's memory as WebAssembly's, and modules that work on it. Where there is none, everything runs precisely. */
import { wasmPlatform } from '@offload/wasm'
import type { WasmMemory } from '@offload/wasm'

const PAGE_BYTES = 65_536

/** Pages for so many bytes. */
export const wasmPages = (bytes: number): number => Math.ceil(bytes / PAGE_BYTES)

/** A memory of exactly the pages that `bytes` need; undefined where there is no WebAssembly (or it has no room). */
export function newWasmMemory(bytes: number, shared: boolean): WasmMemory | undefined {
  const wasm = wasmPlatform()
  if (!wasm) return undefined
  const pages = wasmPages(bytes)
  try {
    return new wasm.Memory({ initial: pages, maximum: pages, ...(shared ? { shared } : {}) })
  } catch {
    return undefined
  }
}

/** Functions of an instance. */
export type WasmExports = Readonly<Record<string, (...values: number[]) => number>>

/** Compiles and instantiates; undefined where there is no WebAssembly or the page's policy forbids it. */
export function instantiate(
  bytes: Uint8Array,
  memory: WasmMemory,
  functions: Readonly<Record<string, (...values: number[]) => number | void>>,
): WasmExports | undefined {
  const wasm = wasmPlatform()
  if (!wasm) return undefined
  try {
    return new wasm.Instance(new wasm.Module(bytes), { env: { memory, ...functions } }).exports as WasmExports
  } catch (error) {
    // A policy may forbid compilation; bytes that are not valid are our own mistake.
    if (wasm.validate(bytes)) return undefined
    throw error
  }
}
