/** bpftool: options, objects, errors (tool-formats.md, section 1). The objects' commands are in files of their own. */
import { btfCommand } from './bpftool-btf'
import { featureCommand } from './bpftool-feature'
import { mapCommand } from './bpftool-map'
import { netCommand } from './bpftool-net'
import { progCommand } from './bpftool-prog'
import type { ToolContext } from './context'
import { jsonText } from './json-text'
import type { Json } from './json-text'
import { Arguments, splitWords, ToolExit } from './result'
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
  const rest = words.slice(first)
  if (rest.length === 0 || rest[0] === 'help') return { stdout: '', stderr: USAGE, code: 0 }
  try {
    if ('batch'.startsWith(rest[0]!)) return batch(context, rest.slice(1), options)
    return print(execute(context, rest, options), options)
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

/** One command: object, verb, arguments. */
function execute(context: ToolContext, words: readonly string[], options: BpftoolOptions): Output {
  const args = new Arguments(words)
  const name = args.next()!
  const object = Object.keys(OBJECTS).find((one) => one.startsWith(name))
  if (object === undefined)
    throw new ToolExit(`${options.json ? '' : `Error: unknown object '${name}'\n`}${USAGE}`, 255)
  return OBJECTS[object]!(context, args, options)
}

/** Batch files that may call each other; a file that calls itself ends. */
const BATCH_DEPTH = 8

/**
 * `batch file F`: a command a line, `#` to the end of a line is a comment, a backslash at its end joins the next. Ends with
 * the first command that fails.
 */
function batch(context: ToolContext, words: readonly string[], options: BpftoolOptions, depth = 0): ToolResult {
  const [word, file] = words
  if (file === undefined) return fail('too few parameters for batch')
  if (!'file'.startsWith(word!)) return fail(`expected 'file', got: ${word}`)
  if (words.length > 2) return fail('too many parameters for batch')
  const content = file === '-' ? context.input : context.machine.texts.get(file)
  if (content === undefined) return fail(`Can't open file (${file}): No such file or directory`)
  const answers: Json[] = []
  let stdout = ''
  let done = 0
  const end = (stderr: string, code: number): ToolResult => ({
    stdout: options.json ? `${jsonText(answers, options.pretty)}\n` : stdout,
    stderr,
    code,
  })
  for (const line of content.replace(/\\\n/g, '').split('\n')) {
    const command = splitWords(line.replace(/#.*/, ''))
    if (command.length === 0) continue
    try {
      if ('batch'.startsWith(command[0]!)) {
        if (depth === BATCH_DEPTH) return end('', 255)
        const inner = batch(context, command.slice(1), { ...options, json: false }, depth + 1)
        stdout += inner.stdout
        if (inner.code !== 0) return end(inner.stderr, inner.code)
        done++
        continue
      }
      const output = execute(context, command, options)
      answers.push({ command, output: output.json })
      stdout += output.text
    } catch (error) {
      if (error instanceof BpftoolError) {
        answers.push({ command, output: { error: error.message } })
        return end(options.json ? '' : `${error.before}Error: ${error.message}\n${error.after}`, 255)
      }
      if (error instanceof ToolExit) return end(error.stderr, 255)
      throw error
    }
    done++
  }
  stdout += `processed ${done} commands\n`
  return end('', 0)
}

function print(output: Output, options: BpftoolOptions): ToolResult {
  return {
    stdout: options.json ? `${jsonText(output.json, options.pretty)}\n` : output.text,
    stderr: '',
    code: output.code ?? 0,
  }
}
