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

/** A module ready to be instantiated. */
export type CompiledModule = object

/** Compiles; undefined where there is no WebAssembly or the page's policy forbids it. */
export function compile(bytes: Uint8Array): CompiledModule | undefined {
  const wasm = wasmPlatform()
  if (!wasm) return undefined
  try {
    return new wasm.Module(bytes)
  } catch (error) {
    // A policy may forbid compilation; bytes that are not valid are our own mistake.
    if (wasm.validate(bytes)) return undefined
    throw error
  }
}

/** An instance over the chip's memory; its functions. */
export function instantiate(
  module: CompiledModule,
  memory: WasmMemory,
  functions: Readonly<Record<string, (...values: number[]) => number | void>>,
): WasmExports {
  const { Instance } = wasmPlatform()!
  return new Instance(module, { env: { memory, ...functions } }).exports as WasmExports
}
