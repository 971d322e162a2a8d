/** bpftool: options, objects, errors (tool-formats.md, section 1). The objects' commands are in files of their own. */
import { btfCommand } from './bpftool-btf'
import { featureCommand } from './bpftool-feature'
import { mapCommand } from './bpftool-map'
import { netCommand } from './bpftool-net'
import { progCommand } from './bpftool-prog'
import type { ToolContext } from './context'
import { jsonText } from './json-text'
import type { Json } from './json-text'
import { Arguments, ToolExit } from './result'
import type { ToolResult } from './result'

export interface BpftoolOptions {
  readonly json: boolean
  readonly pretty: boolean
  /** -f: show pins. */
  readonly pins: boolean
  readonly debug: boolean
}

/** What a command gives: text for people and a value for `-j`. */
export interface Output {
  readonly text: string
  readonly json: Json
  /** Exit code when it is not 0 though there is output. */
  readonly code?: number
}

export type ObjectCommand = (context: ToolContext, args: Arguments, options: BpftoolOptions) => Output

export const NOTHING: Output = { text: '', json: null }

const OBJECTS: Readonly<Record<string, ObjectCommand>> = {
  prog: progCommand,
  map: mapCommand,
  link: () => ({ text: '', json: [] }),
  cgroup: () => ({ text: '', json: [] }),
  perf: () => ({ text: '', json: [] }),
  net: netCommand,
  feature: featureCommand,
  btf: btfCommand,
  version: () => versionOutput(),
}

export const USAGE = `Usage: bpftool [OPTIONS] OBJECT { COMMAND | help }
       bpftool batch file FILE
       bpftool version

       OBJECT := { prog | map | link | cgroup | perf | net | feature | btf | gen | struct_ops | iter }
       OPTIONS := { {-j|--json} [{-p|--pretty}] | {-d|--debug} |
                    {-V|--version} }
`

function versionOutput(): Output {
  return {
    text: 'bpftool v7.1.0\nusing libbpf v1.1\nfeatures: libbfd, libbpf_strict\n',
    json: {
      version: '7.1.0',
      libbpf_version: '1.1',
      features: { libbfd: true, libbpf_strict: true, skeletons: false },
    },
  }
}

/** An error that bpftool reports itself: `Error: …`, exit −1 unless an errno says otherwise. */
export function fail(text: string, errno = 1): never {
  throw new BpftoolError(text, errno)
}

export class BpftoolError extends Error {
  readonly errno: number
  /** Text before the error line, as it is (libbpf's lines), and behind it. */
  readonly before: string
  readonly after: string
  constructor(text: string, errno: number, before = '', after = '') {
    super(text)
    this.errno = errno
    this.before = before
    this.after = after
  }
}

export function bpftool(context: ToolContext, words: readonly string[]): ToolResult {
  const options = { json: false, pretty: false, pins: false, debug: false }
  let first = 0
  for (; words[first]?.startsWith('-'); first++) {
    const option = words[first]!
    if (option === '-j' || option === '--json') options.json = true
    else if (option === '-p' || option === '--pretty') options.json = options.pretty = true
    else if (option === '-f' || option === '--bpffs') options.pins = true
    else if (option === '-d' || option === '--debug') options.debug = true
    else if (
      option === '-m' ||
      option === '--mapcompat' ||
      option === '-n' ||
      option === '--nomount' ||
      option === '-L' ||
      option === '--use-loader' ||
      option === '-l' ||
      option === '--legacy'
    )
      continue
    else if (option === '-V' || option === '--version') return print(versionOutput(), options)
    else if (option === '-h' || option === '--help') return { stdout: '', stderr: USAGE, code: 0 }
    else throw new ToolExit(`Error: unrecognized option '${option}'\n${USAGE}`, 255)
  }
  const args = new Arguments(words.slice(first))
  if (args.left === 0 || args.takeExact('help')) return { stdout: '', stderr: USAGE, code: 0 }
  const name = args.next()!
  const object = Object.keys(OBJECTS).find((one) => one.startsWith(name))
  if (object === undefined)
    throw new ToolExit(`${options.json ? '' : `Error: unknown object '${name}'\n`}${USAGE}`, 255)
  try {
    return print(OBJECTS[object]!(context, args, options), options)
  } catch (error) {
    if (!(error instanceof BpftoolError)) throw error
    const code = -error.errno & 255 || 255
    const text = options.json ? '' : `Error: ${error.message}\n`
    return {
      stdout: options.json ? `${jsonText({ error: error.message }, options.pretty)}\n` : '',
      stderr: error.before + text + error.after,
      code,
    }
  }
}

function print(output: Output, options: BpftoolOptions): ToolResult {
  return {
    stdout: options.json ? `${jsonText(output.json, options.pretty)}\n` : output.text,
    stderr: '',
    code: output.code ?? 0,
  }
}
