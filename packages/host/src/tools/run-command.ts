/**
 * The console: one line of text to what the tool would print. Tools change the machine as the real ones change the
 * kernel; nothing else is touched. Any line gives a result.
 */
import type { Machine } from '../machine/machine'
import { bpftool } from './bpftool'
import type { ToolContext } from './context'
import { ethtool } from './ethtool'
import { ip } from './ip'
import { splitWords, ToolExit } from './result'
import type { ToolResult } from './result'
import { tc } from './tc'
import { tcpdump } from './tcpdump'
import { isTextFilter, textFilter } from './text-filters'

export interface CommandOptions {
  /** Unix time at which the machine's clock was 0, seconds; default 7 November 2018. */
  readonly epoch?: number
  /** Kernel release; default by the machine's kernel. */
  readonly release?: string
}

const DEFAULT_EPOCH = 1_541_548_800

type Tool = (context: ToolContext, words: readonly string[]) => ToolResult

const text = (stdout: string): ToolResult => ({ stdout, stderr: '', code: 0 })

const TOOLS: Readonly<Record<string, Tool>> = {
  bpftool,
  ip,
  tc,
  ethtool,
  tcpdump,
  dmesg: ({ machine }) => text(machine.device.kernelLog.map((line) => `${line}\n`).join('')),
  ls: ({ machine }, words) =>
    text(
      listing(
        machine,
        words.find((word) => !word.startsWith('-')),
      ),
    ),
  rm: ({ machine }, words) =>
    removeFiles(
      machine,
      words.filter((word) => !word.startsWith('-')),
    ),
  cat: (context, words) =>
    text(words.length === 0 ? (context.input ?? '') : words.map((name) => textOf(context, name)).join('')),
  echo: (_, words) => text(`${words.join(' ')}\n`),
  uname: (context, words) => text(words.includes('-r') ? `${context.release}\n` : 'Linux\n'),
  help: () => text(HELP),
}

const HELP = `Tools of this machine:
  bpftool   programs, maps, hooks, features       bpftool prog show
  ip        interfaces and XDP                    ip link set dev nfp_p0 xdpoffload obj prog.o sec xdp
  tc        classifiers                           tc filter show dev nfp_p0 ingress
  ethtool   statistics, RSS, channels, features   ethtool -S nfp_p0 | grep bpf
  tcpdump   packets that reached the stack        tcpdump -i nfp_p0 -c 5 -e
  dmesg     the driver's lines in the kernel log
  ls, rm    object files and pins (/sys/fs/bpf)
  echo, cat text files:                           echo prog show > list; bpftool batch file list
Behind a pipe: grep head tail wc sort uniq. Into a file: > and >>
`

/** Names that can be completed as the first word. */
export const COMMAND_NAMES: readonly string[] = Object.keys(TOOLS)

/** Runs one line: tools, `|`, `;` and `&&`, `>` and `>>` into a text file, comments after `#`. */
export function runCommand(machine: Machine, line: string, options: CommandOptions = {}): ToolResult {
  const context: ToolContext = {
    machine,
    epoch: options.epoch ?? DEFAULT_EPOCH,
    release: options.release ?? { '6.18': '6.18.44', '6.12': '6.12.0', '4.20': '4.20.0' }[machine.kernel],
  }
  let stdout = ''
  let stderr = ''
  let code = 0
  for (const { words: pipeline, onlyIfOk, into } of splitLine(line)) {
    if (onlyIfOk && code !== 0) continue
    const result = runPipeline(context, pipeline)
    if (into) {
      const { name, append } = into
      if (name === '')
        return { stdout, stderr: `${stderr}bash: syntax error near unexpected token \`newline'\n`, code: 2 }
      const before = append ? (machine.texts.get(name) ?? '') : ''
      machine.texts.set(name, (before + result.stdout).slice(-TEXT_LIMIT))
    } else stdout += result.stdout
    stderr += result.stderr
    code = result.code
  }
  return { stdout, stderr, code }
}

/** A text file holds so much of what is written to it (characters). */
const TEXT_LIMIT = 1 << 20

interface Pipeline {
  readonly words: readonly (readonly string[])[]
  readonly onlyIfOk: boolean
  /** `> name`, `>> name` */
  readonly into?: { readonly name: string; readonly append: boolean }
}

/** Cuts a line at `;`, `&&` and `|` outside quotes, and takes off where its output goes. */
function splitLine(line: string): Pipeline[] {
  const pipelines: Pipeline[] = []
  let onlyIfOk = false
  let append: boolean | undefined
  let stages: string[][] = []
  let current = ''
  let quote = ''
  const endStage = (): void => {
    stages.push(splitWords(current))
    current = ''
  }
  const endPipeline = (next: boolean): void => {
    endStage()
    const into = append === undefined ? undefined : { name: stages.pop()!.join(' '), append }
    if (stages.length > 1 || stages[0]!.length > 0) pipelines.push({ words: stages, onlyIfOk, ...(into && { into }) })
    stages = []
    append = undefined
    onlyIfOk = next
  }
  for (let i = 0; i < line.length; i++) {
    const char = line[i]!
    if (quote !== '') {
      if (char === quote) quote = ''
      current += char
    } else if (char === '"' || char === "'") {
      quote = char
      current += char
    } else if (char === '\\' && i + 1 < line.length) current += char + line[++i]!
    else if (char === '#' && (current === '' || /\s$/.test(current))) break
    else if (char === ';' || char === '\n') endPipeline(false)
    else if (char === '&' && line[i + 1] === '&') {
      i++
      endPipeline(true)
    } else if (char === '|') endStage()
    else if (char === '>' && append === undefined) {
      append = line[i + 1] === '>'
      if (append) i++
      endStage()
    } else current += char
  }
  endPipeline(false)
  return pipelines
}

function runPipeline(context: ToolContext, stages: Pipeline['words']): ToolResult {
  let input = ''
  let stderr = ''
  let code = 0
  for (const [index, words] of stages.entries()) {
    let [name, ...rest] = words
    if (name === 'sudo') [name, ...rest] = rest
    if (name === undefined)
      return { stdout: '', stderr: `${stderr}bash: syntax error near unexpected token \`|'\n`, code: 2 }
    try {
      if (index > 0 && isTextFilter(name)) {
        const filtered = textFilter(name, rest, input)
        input = filtered.text
        code = filtered.code
        continue
      }
      const tool = Object.hasOwn(TOOLS, name) ? TOOLS[name] : undefined
      if (!tool) throw new ToolExit(`bash: ${name}: command not found\n`, 127)
      const result = tool(index > 0 ? { ...context, input } : context, rest)
      input = result.stdout
      stderr += result.stderr
      code = result.code
    } catch (error) {
      if (!(error instanceof ToolExit)) throw error
      input = error.stdout
      stderr += error.stderr
      code = error.code
    }
  }
  return { stdout: input, stderr, code }
}

function listing(machine: Machine, path: string | undefined): string {
  if (path === undefined) return joinNames([...machine.files.keys(), ...machine.texts.keys()])
  const directory = path.endsWith('/') ? path : `${path}/`
  const names = [...machine.pins.keys()]
    .filter((pin) => pin.startsWith(directory))
    .map((pin) => pin.slice(directory.length).split('/')[0]!)
  if (names.length === 0 && path !== '/sys/fs/bpf' && directory !== '/sys/fs/bpf/')
    throw new ToolExit(`ls: cannot access '${path}': No such file or directory\n`, 2)
  return joinNames([...new Set(names)])
}

const joinNames = (names: readonly string[]): string =>
  names
    .toSorted()
    .map((name) => `${name}\n`)
    .join('')

function textOf({ machine }: ToolContext, name: string): string {
  const content = machine.texts.get(name)
  if (content !== undefined) return content
  throw new ToolExit(
    machine.files.has(name) ? `cat: ${name}: binary file\n` : `cat: ${name}: No such file or directory\n`,
    1,
  )
}

function removeFiles(machine: Machine, paths: readonly string[]): ToolResult {
  for (const path of paths) {
    if (machine.unpin(path) && !machine.files.delete(path) && !machine.texts.delete(path))
      throw new ToolExit(`rm: cannot remove '${path}': No such file or directory\n`, 1)
  }
  return text('')
}
