/**
 * The part of the platform's WebAssembly interface that is used here, typed by hand since the engines' library has no such
 * types. Where there is no WebAssembly (or it is forbidden) callers fall back to interpreters.
 */

/** A WebAssembly.Memory; clonable between threads when shared. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer | SharedArrayBuffer
  grow(pages: number): number
}

export interface WasmPlatform {
  readonly Memory: new (descriptor: {
    readonly initial: number
    readonly maximum?: number
    readonly shared?: boolean
  }) => WasmMemory
  readonly validate: (bytes: Uint8Array) => boolean
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (
    module: object,
    imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  ) => { readonly exports: Readonly<Record<string, unknown>> }
}

/** The platform's WebAssembly, looked up at every call; undefined where there is none. */
export const wasmPlatform = (): WasmPlatform | undefined =>
  (globalThis as { readonly WebAssembly?: WasmPlatform }).WebAssembly
