/** bpftool feature probe: what kernel or card can do (tool-formats.md, section 6). */
import { HELPERS, helperName } from '@offload/bpf'
import { MAP_TYPE_NUMBERS } from '../maps/map'
import { fail } from './bpftool'
import type { ObjectCommand, Output } from './bpftool'
import type { ToolContext } from './context'
import type { Json } from './json-text'
import type { Arguments } from './result'

interface Section {
  readonly title: string
  readonly group: string
  readonly lines: readonly string[]
  readonly json: Json
}

export const featureCommand: ObjectCommand = (context, args) => {
  const word = args.next() ?? 'probe'
  if (!'probe'.startsWith(word)) return fail(`unknown command '${word}'`)
  args.take('full')
  args.take('kernel')
  if (args.take('dev')) return probeCard(context, args)
  return print(kernelSections())
}

function available(name: string, yes: boolean): string {
  return `${name} is ${yes ? '' : 'NOT '}available`
}

const PROGRAM_TYPES = ['socket_filter', 'sched_cls', 'sched_act', 'xdp', 'cgroup_skb'] as const
const CALLERS = { socket_filter: 'S', sched_cls: 'C', sched_act: 'C', xdp: 'X', cgroup_skb: 'G' } as const

function kernelSections(): Section[] {
  const maps = Object.keys(MAP_TYPE_NUMBERS).filter((name) => name !== 'unspec')
  const helpersOf = (type: (typeof PROGRAM_TYPES)[number]): string[] =>
    HELPERS.filter((helper) => helper.signature?.callers.includes(CALLERS[type])).map((helper) => helper.name)
  return [
    {
      title: 'Scanning system call availability...',
      group: 'syscall_config',
      lines: ['bpf() syscall is available'],
      json: { have_bpf_syscall: true },
    },
    programTypes(PROGRAM_TYPES.map((type) => [type, true])),
    mapTypes(maps.map((type) => [type, true])),
    helpers(PROGRAM_TYPES.map((type) => [type, helpersOf(type)])),
    misc(true),
  ]
}

function programTypes(types: readonly (readonly [name: string, yes: boolean])[]): Section {
  return {
    title: 'Scanning eBPF program types...',
    group: 'program_types',
    lines: types.map(([name, yes]) => available(`eBPF program_type ${name}`, yes)),
    json: Object.fromEntries(types.map(([name, yes]) => [`have_${name}_prog_type`, yes])),
  }
}

function mapTypes(types: readonly (readonly [name: string, yes: boolean])[]): Section {
  return {
    title: 'Scanning eBPF map types...',
    group: 'map_types',
    lines: types.map(([name, yes]) => available(`eBPF map_type ${name}`, yes)),
    json: Object.fromEntries(types.map(([name, yes]) => [`have_${name}_map_type`, yes])),
  }
}

function helpers(types: readonly (readonly [name: string, helpers: readonly string[]])[]): Section {
  return {
    title: 'Scanning eBPF helper functions...',
    group: 'helpers',
    lines: types.flatMap(([name, list]) => [
      `eBPF helpers supported for program type ${name}:`,
      ...list.map((helper) => `\t- ${helper}`),
    ]),
    json: Object.fromEntries(types.map(([name, list]) => [`${name}_available_helpers`, list])),
  }
}

function misc(large: boolean): Section {
  return {
    title: 'Scanning miscellaneous eBPF features...',
    group: 'misc',
    lines: [
      available('Large program size limit', large),
      available('Bounded loop support', true),
      available('ISA extension v2', true),
      available('ISA extension v3', true),
    ],
    json: {
      have_large_insn_limit: large,
      have_bounded_loops: true,
      have_v2_isa_extension: true,
      have_v3_isa_extension: true,
    },
  }
}

function probeCard(context: ToolContext, args: Arguments): Output {
  const name = args.next() ?? ''
  if (!context.machine.netdev(name)) fail(`invalid device: ${name}`)
  const { firmware } = context.machine.device
  const ids: number[] = []
  if (firmware.helpers.lookup) ids.push(1)
  if (firmware.helpers.update) ids.push(2)
  if (firmware.helpers.delete) ids.push(3)
  if (firmware.random) ids.push(7)
  if (firmware.helpers.perfEventOutput) ids.push(25)
  if (firmware.adjustHead.offMax > 0) ids.push(44)
  if (firmware.adjustTail) ids.push(65)
  const named = (type: 'sched_cls' | 'xdp'): string[] =>
    ids.filter((id) => HELPERS[id]?.signature?.callers.includes(CALLERS[type])).map((id) => helperName(id) ?? '')
  return print([
    {
      title: 'Scanning system call availability...',
      group: 'syscall_config',
      lines: ['bpf() syscall is available'],
      json: { have_bpf_syscall: true },
    },
    programTypes([
      ['sched_cls', true],
      ['xdp', true],
    ]),
    mapTypes([
      ['hash', (firmware.maps.types & 2) !== 0],
      ['array', (firmware.maps.types & 4) !== 0],
    ]),
    helpers([
      ['sched_cls', named('sched_cls')],
      ['xdp', named('xdp')],
    ]),
    misc(false),
  ])
}

function print(sections: readonly Section[]): Output {
  return {
    text: `${sections.map((section) => `${section.title}\n${section.lines.map((line) => `${line}\n`).join('')}`).join('\n')}\n`,
    json: Object.fromEntries(sections.map((section) => [section.group, section.json])),
  }
}
