/**
 * The little of the platform's WebAssembly interface that the fast tier needs, typed here because the engines' library
 * has no such types. Where there is no WebAssembly, programs stay with the interpreter.
 */

export interface WasmMemory {
  readonly buffer: ArrayBuffer
  grow(pages: number): number
}

export type WasmFunction = (...values: number[]) => number | void

interface WasmApi {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object, imports: object) => { readonly exports: Readonly<Record<string, WasmFunction>> }
}

/** Compiles a module and ties it to `memory` and `functions` (import names `vm.memory`, `vm.<name>`); undefined where the platform forbids it. */
export function instantiate(
  bytes: Uint8Array,
  memory: WasmMemory,
  functions: Readonly<Record<string, WasmFunction>>,
): Readonly<Record<string, WasmFunction>> | undefined {
  const api = (globalThis as { readonly WebAssembly?: WasmApi }).WebAssembly
  if (!api) return undefined
  try {
    return new api.Instance(new api.Module(bytes), { vm: { ...functions, memory } }).exports
  } catch (error) {
    // A module that is not valid is a defect of the translator; a host that compiles nothing is not.
    if ((error as Error).name === 'CompileError' && /validat|expected|type error|offset|@\+/i.test((error as Error).message)) throw error
    return undefined
  }
}
