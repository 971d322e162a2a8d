/** A WebAssembly module: one imported memory, imported functions, own functions, some of them exported. */
import { CodeWriter } from './code-writer'

export interface FunctionType {
  readonly parameters: readonly number[]
  readonly results: readonly number[]
}

/** The memory that a module imports, in pages of 64 KB. */
export interface MemoryLimits {
  readonly minimum: number
  readonly maximum?: number
  readonly shared?: boolean
}

export interface OwnFunction {
  readonly type: FunctionType
  /** Runs of locals behind the parameters: how many of which type. */
  readonly locals: readonly (readonly [count: number, type: number])[]
  readonly code: Uint8Array
  readonly exportedAs?: string
}

export class ModuleWriter {
  private readonly types: string[] = []
  private readonly imports: { readonly name: string; readonly type: number }[] = []
  private readonly functions: OwnFunction[] = []
  private readonly space: string
  private readonly memory: MemoryLimits

  /** `space` is the name under which the host gives memory (as `memory`) and functions. */
  constructor(space: string, memory: MemoryLimits) {
    this.space = space
    this.memory = memory
  }

  /** Index of a function that the host gives as `<space>.<name>`. All imports come before the first own function. */
  import(name: string, type: FunctionType): number {
    this.imports.push({ name, type: this.typeIndex(type) })
    return this.imports.length - 1
  }

  /** Index that the next own function will have. */
  get nextIndex(): number {
    return this.imports.length + this.functions.length
  }

  add(own: OwnFunction): number {
    this.typeIndex(own.type)
    this.functions.push(own)
    return this.nextIndex - 1
  }

  private typeIndex({ parameters, results }: FunctionType): number {
    const key = [0x60, parameters.length, ...parameters, results.length, ...results].join()
    const found = this.types.indexOf(key)
    return found >= 0 ? found : this.types.push(key) - 1
  }

  finish(): Uint8Array {
    const out = new CodeWriter()
    out.op(0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0)
    const section = (id: number, count: number, fill: (code: CodeWriter) => void): void => {
      const code = new CodeWriter()
      code.unsigned(count)
      fill(code)
      const bytes = code.finish()
      out.op(id)
      out.unsigned(bytes.length)
      out.append(bytes)
    }
    section(1, this.types.length, (code) => {
      for (const key of this.types) code.op(...key.split(',').map(Number))
    })
    section(2, this.imports.length + 1, (code) => {
      for (const { name, type } of this.imports) {
        code.text(this.space)
        code.text(name)
        code.op(0)
        code.unsigned(type)
      }
      code.text(this.space)
      code.text('memory')
      const { minimum, maximum, shared = false } = this.memory
      code.op(2, shared ? 3 : maximum === undefined ? 0 : 1)
      code.unsigned(minimum)
      if (maximum !== undefined) code.unsigned(maximum)
    })
    section(3, this.functions.length, (code) => {
      for (const { type } of this.functions) code.unsigned(this.typeIndex(type))
    })
    const exported = this.functions.flatMap(({ exportedAs }, index) =>
      exportedAs === undefined ? [] : [{ name: exportedAs, index }],
    )
    section(7, exported.length, (code) => {
      for (const { name, index } of exported) {
        code.text(name)
        code.op(0)
        code.unsigned(this.imports.length + index)
      }
    })
    section(10, this.functions.length, (code) => {
      for (const own of this.functions) {
        const body = new CodeWriter()
        body.unsigned(own.locals.length)
        for (const [count, type] of own.locals) {
          body.unsigned(count)
          body.op(type)
        }
        const size = body.finish()
        code.unsigned(size.length + own.code.length)
        code.append(size)
        code.append(own.code)
      }
    })
    // Names, for profilers and debuggers.
    const names = new CodeWriter()
    names.text('name')
    const list = new CodeWriter()
    const named = [...this.imports.map(({ name }, index) => ({ name, index }))]
    named.push(...exported.map(({ name, index }) => ({ name, index: this.imports.length + index })))
    list.unsigned(named.length)
    for (const { name, index } of named) {
      list.unsigned(index)
      list.text(name)
    }
    const bytes = list.finish()
    names.op(1)
    names.unsigned(bytes.length)
    names.append(bytes)
    const custom = names.finish()
    out.op(0)
    out.unsigned(custom.length)
    out.append(custom)
    return out.finish()
  }
}
