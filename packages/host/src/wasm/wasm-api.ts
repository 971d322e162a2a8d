/** The part of the WebAssembly API that is used here; the engine's `lib` has no DOM and so no types for it. */

export interface WasmMemory {
  readonly buffer: ArrayBuffer
  grow(pages: number): number
}

interface WasmApi {
  readonly Memory: new (descriptor: { readonly initial: number; readonly maximum?: number }) => WasmMemory
  readonly validate: (bytes: Uint8Array) => boolean
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (
    module: object,
    imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  ) => { readonly exports: Readonly<Record<string, unknown>> }
}

/** Undefined where there is none (or where it is forbidden). */
export const wasm: WasmApi | undefined = (globalThis as { readonly WebAssembly?: WasmApi }).WebAssembly
