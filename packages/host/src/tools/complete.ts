/** Completion for the console: words that can stand where the line ends, from the tools' grammar and the machine's objects. */
import type { Machine } from '../machine/machine'
import { MAP_TYPE_NUMBERS } from '../maps/map'
import { own } from '../own'
import { COMMAND_NAMES } from './run-command'

export interface Completion {
  /** Where the word begins that the candidates replace. */
  readonly start: number
  readonly candidates: readonly string[]
}

type Words = readonly string[]
/** What may follow the words so far; `last` is the word before. */
type Grammar = (machine: Machine, words: Words, last: string) => Words

const BPFTOOL: Readonly<Record<string, Words>> = {
  prog: ['show', 'list', 'dump', 'load', 'loadall', 'pin', 'run', 'help'],
  map: [
    'show',
    'list',
    'dump',
    'lookup',
    'update',
    'delete',
    'getnext',
    'create',
    'pin',
    'event_pipe',
    'peek',
    'push',
    'pop',
    'freeze',
    'help',
  ],
  net: ['show', 'list', 'attach', 'detach'],
  feature: ['probe'],
  btf: ['show', 'list', 'dump'],
  perf: ['show'],
  link: ['show'],
}
const HANDLES: Words = ['id', 'name', 'pinned', 'tag']
const XDP_MODES: Words = ['xdp', 'xdpgeneric', 'xdpdrv', 'xdpoffload']
const TEXT_FILTERS: Words = ['grep', 'head', 'tail', 'wc', 'sort', 'uniq']

const devices = (machine: Machine): Words => machine.netdevs.map((netdev) => netdev.name)
const files = (machine: Machine): Words => [...machine.files.keys()]
const pins = (machine: Machine): Words => [...machine.pins.keys()]
const sections = (machine: Machine): Words => [
  ...new Set([...machine.files.values()].flatMap((file) => file.programs.map((program) => program.section))),
]

/** Values that a keyword asks for, in whatever tool. */
function valuesOf(machine: Machine, words: Words, last: string): Words | undefined {
  switch (last) {
    case 'dev':
    case 'offload_dev':
      return devices(machine)
    case 'obj':
    case 'object':
      return files(machine)
    case 'sec':
    case 'section':
      return sections(machine)
    case 'pinned':
      return pins(machine)
    case 'id':
      return (
        words.includes('map') || words.includes('m')
          ? machine.maps
          : words.includes('btf')
            ? machine.btfs
            : machine.programs
      )
        .list()
        .map((object) => String(object.id))
    case 'name':
      return [...new Set((words.includes('map') ? machine.maps : machine.programs).list().map((object) => object.name))]
    case 'tag':
      return [...new Set(machine.programs.list().map((program) => program.tag))]
    case 'type':
      return words.includes('map') ? Object.keys(MAP_TYPE_NUMBERS).slice(1) : ['xdp', 'classifier', 'action', 'socket']
    default:
      return undefined
  }
}

const bpftool: Grammar = (machine, words, last) => {
  const plain = words.filter((word) => !word.startsWith('-'))
  const [object, command] = plain
  if (object === undefined) return [...Object.keys(BPFTOOL), 'version', 'help', '-j', '-p', '-f', '-d']
  const commands = own(BPFTOOL, object)
  if (!commands) return []
  if (command === undefined) return commands
  if (object === 'prog' && command === 'load' && plain.length === 2) return files(machine)
  if (object === 'prog' && command === 'load' && plain.length === 3) return ['/sys/fs/bpf/']
  if (object === 'prog' && command === 'load') return ['type', 'dev', 'pinmaps']
  if (object === 'prog' && command === 'dump' && plain.length === 2) return ['xlated', 'jited']
  if (object === 'prog' && command === 'run') return plain.length === 2 ? HANDLES : ['data_in', 'data_out', 'repeat']
  if (object === 'net' && command !== 'show')
    return plain.length === 2 ? XDP_MODES : plain.length === 3 && command === 'attach' ? HANDLES : ['dev', 'overwrite']
  if (object === 'feature') return ['dev', 'kernel']
  if (object === 'btf' && command === 'dump')
    return plain.length === 2
      ? ['id', 'map', 'prog']
      : ['id', 'name', 'pinned', 'key', 'value', 'all', 'format', 'raw', 'c']
  if (object === 'map' && command === 'create')
    return plain.length === 2 ? ['/sys/fs/bpf/'] : ['type', 'key', 'value', 'entries', 'name', 'flags', 'dev']
  const handled = plain.some((word) => HANDLES.includes(word))
  if (!handled) return object === 'map' ? HANDLES.filter((word) => word !== 'tag') : HANDLES
  if (object === 'map')
    return last === 'value' || last === 'key' ? ['hex'] : ['key', 'value', 'any', 'noexist', 'exist']
  return ['opcodes', 'linum', 'visual']
}

const ip: Grammar = (_, words, last) => {
  const plain = words.filter((word) => !word.startsWith('-'))
  if (plain.length === 0) return ['link', 'address', '-d', '-j', '-p', '-force']
  if (plain.length === 1) return ['show', 'set']
  if (!plain.includes('set')) return ['dev', 'up']
  return XDP_MODES.includes(last)
    ? ['obj', 'pinned', 'off']
    : ['dev', ...XDP_MODES, 'sec', 'mtu', 'up', 'down', 'promisc']
}

const tc: Grammar = (_, words) => {
  if (words.length === 0) return ['qdisc', 'filter']
  if (words.length === 1) return ['show', 'add', 'del']
  if (words[0] === 'qdisc') return ['dev', 'clsact']
  return words.includes('bpf')
    ? ['da', 'skip_sw', 'skip_hw', 'obj', 'sec', 'pinned']
    : ['dev', 'ingress', 'egress', 'pref', 'protocol', 'bpf']
}

const ethtool: Grammar = (machine, words) => {
  if (words.length === 0) return ['-i', '-S', '-x', '-X', '-l', '-L', '-g', '-k', '-K', ...devices(machine)]
  if (words.length === 1) return devices(machine)
  return words[0] === '-X'
    ? ['equal', 'weight', 'default']
    : words[0] === '-L'
      ? ['combined']
      : words[0] === '-K'
        ? ['hw-tc-offload', 'on', 'off']
        : []
}

const GRAMMARS: Readonly<Record<string, Grammar>> = {
  bpftool,
  ip,
  tc,
  ethtool,
  tcpdump: (machine, _, last) => (last === '-i' ? devices(machine) : ['-i', '-c', '-e', '-x']),
  ls: () => ['/sys/fs/bpf'],
  rm: (machine) => [...pins(machine), ...files(machine)],
}

/** Candidates for the word at the line's end, sorted as the tools list them. */
export function completeCommand(machine: Machine, line: string): Completion {
  const stage = line.slice(Math.max(line.lastIndexOf('|'), line.lastIndexOf(';'), line.lastIndexOf('&')) + 1)
  const words = stage.split(/\s+/).filter((word) => word !== '')
  const prefix = /\s$/.test(stage) || stage === '' ? '' : (words.pop() ?? '')
  if (words[0] === 'sudo') words.shift()
  const start = line.length - prefix.length
  const [tool, ...rest] = words
  let options: Words
  if (tool === undefined) options = line.slice(0, start).trimEnd().endsWith('|') ? TEXT_FILTERS : COMMAND_NAMES
  else {
    const last = rest.at(-1) ?? ''
    options = valuesOf(machine, rest, last) ?? own(GRAMMARS, tool)?.(machine, rest, last) ?? []
  }
  return { start, candidates: options.filter((word) => word.startsWith(prefix) && word !== prefix) }
}
