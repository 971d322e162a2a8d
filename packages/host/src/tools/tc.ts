/** tc: clsact and BPF classifiers (tool-formats.md, section 9). */
import { bytesJited } from '../machine/accounting'
import type { Machine } from '../machine/machine'
import type { Netdev, TcFilter } from '../machine/netdev'
import type { ToolContext } from './context'
import { sectionProgram } from './ip'
import { iprouteJson } from './json-text'
import type { Json } from './json-text'
import { loadObject } from './loader'
import { Arguments, ToolExit } from './result'
import type { ToolResult } from './result'

const KERNEL = 'We have an error talking to the kernel\n'
const OK: ToolResult = { stdout: '', stderr: '', code: 0 }

export function tc(context: ToolContext, words: readonly string[]): ToolResult {
  const options = { json: false, pretty: false }
  let first = 0
  for (; words[first]?.startsWith('-'); first++) {
    const option = words[first]!.replace(/^--?/, '')
    if (option === 'V' || option === 'Version')
      return { stdout: 'tc utility, iproute2-6.1.0, libbpf 1.1.2\n', stderr: '', code: 0 }
    if (option === 'j' || option === 'json') options.json = true
    else if (option === 'p' || option === 'pretty') options.pretty = true
    else if (option === 's' || option === 'statistics' || option === 'd' || option === 'details') continue
    else throw new ToolExit(`Option "-${option}" is unknown, try "tc -help".\n`, 255)
  }
  const args = new Arguments(words.slice(first))
  const object = args.next() ?? ''
  if (object !== '' && 'qdisc'.startsWith(object)) return qdisc(context.machine, args)
  if (object !== '' && 'filter'.startsWith(object)) return filter(context.machine, args, options)
  throw new ToolExit(`Object "${object}" is unknown, try "tc help".\n`, 1)
}

function device(machine: Machine, args: Arguments): Netdev {
  const name = args.takeExact('dev') ? args.next() : undefined
  const netdev = name === undefined ? undefined : machine.netdev(name)
  if (!netdev) throw new ToolExit(`Cannot find device "${name ?? ''}"\n`, 1)
  return netdev
}

function qdisc(machine: Machine, args: Arguments): ToolResult {
  const command = args.next() ?? 'show'
  if ('show'.startsWith(command) || 'list'.startsWith(command)) {
    const devices = args.left > 0 ? [device(machine, args)] : machine.netdevs
    const lines = devices.flatMap((netdev) => [
      `qdisc mq 0: ${args.left > 0 ? '' : devices.length > 1 ? `dev ${netdev.name} ` : ''}root `,
      ...(netdev.clsact
        ? [`qdisc clsact ffff: ${devices.length > 1 ? `dev ${netdev.name} ` : ''}parent ffff:fff1 `]
        : []),
    ])
    return { ...OK, stdout: lines.map((line) => `${line}\n`).join('') }
  }
  const netdev = device(machine, args)
  if (!args.takeExact('clsact'))
    throw new ToolExit(`Unknown qdisc "${args.peek() ?? ''}", hence option "${args.peek() ?? ''}" is unparsable\n`, 1)
  if ('add'.startsWith(command)) {
    if (netdev.clsact) throw new ToolExit('Error: Exclusivity flag on, cannot modify.\n', 2)
    netdev.clsact = true
    return OK
  }
  if ('delete'.startsWith(command)) {
    if (!netdev.clsact) throw new ToolExit('Error: Cannot find specified qdisc on specified device.\n', 2)
    for (const one of [...netdev.filters]) machine.removeFilter(netdev.ifindex, one)
    netdev.clsact = false
    return OK
  }
  throw new ToolExit(`Command "${command}" is unknown, try "tc qdisc help".\n`, 1)
}

interface FilterWords {
  direction?: 'ingress' | 'egress'
  pref?: number
  handle?: number
  protocol?: string
}

/** The words before the kind of filter. */
function filterWords(args: Arguments): FilterWords {
  const words: FilterWords = {}
  while (args.left > 0) {
    if (args.takeExact('ingress')) words.direction = 'ingress'
    else if (args.takeExact('egress')) words.direction = 'egress'
    else if (
      args.takeExact('pref') ||
      args.takeExact('preference') ||
      args.takeExact('prio') ||
      args.takeExact('priority')
    )
      words.pref = Number(args.next())
    else if (args.takeExact('handle')) words.handle = Number.parseInt(args.next() ?? '', 16)
    else if (args.takeExact('protocol') || args.takeExact('proto')) words.protocol = args.next() ?? ''
    else if (args.takeExact('chain')) {
      if (args.next() !== '0') throw new ToolExit(`Error: Driver supports only offload of chain 0.\n${KERNEL}`, 2)
    } else break
  }
  return words
}

function filter(
  machine: Machine,
  args: Arguments,
  options: { readonly json: boolean; readonly pretty: boolean },
): ToolResult {
  const command = args.next() ?? 'show'
  const netdev = device(machine, args)
  const words = filterWords(args)
  if ('show'.startsWith(command) || 'list'.startsWith(command))
    return showFilters(machine, netdev, words.direction, options)
  if ('delete'.startsWith(command)) {
    const doomed = netdev.filters.filter(
      (one) => one.direction === words.direction && (words.pref === undefined || one.pref === words.pref),
    )
    if (doomed.length === 0)
      throw new ToolExit(`Error: Filter with specified priority/protocol not found.\n${KERNEL}`, 2)
    for (const one of doomed) machine.removeFilter(netdev.ifindex, one)
    return OK
  }
  if (!'add'.startsWith(command) && !'replace'.startsWith(command))
    throw new ToolExit(`Command "${command}" is unknown, try "tc filter help".\n`, 1)
  const kind = args.next() ?? ''
  if (kind !== 'bpf')
    throw new ToolExit(`Unknown filter "${kind}", hence option "${args.peek() ?? ''}" is unparsable\n`, 1)
  return addFilter(machine, netdev, words, args)
}

function addFilter(machine: Machine, netdev: Netdev, words: FilterWords, args: Arguments): ToolResult {
  let [directAction, skipSw, skipHw] = [false, false, false]
  let file: string | undefined
  let pinned: string | undefined
  let section = 'classifier'
  while (args.left > 0) {
    if (args.takeExact('da') || args.takeExact('direct-action')) directAction = true
    else if (args.takeExact('skip_sw')) skipSw = true
    else if (args.takeExact('skip_hw')) skipHw = true
    else if (args.takeExact('obj') || args.takeExact('object') || args.takeExact('object-file')) file = args.next()
    else if (args.takeExact('sec') || args.takeExact('section')) section = args.next() ?? ''
    else if (args.takeExact('pinned') || args.takeExact('object-pinned')) pinned = args.next()
    else if (file !== undefined && args.takeExact('verbose')) continue
    else throw new ToolExit(`What mode is "${args.peek()}"?\nUnable to parse bpf command line\n`, 1)
  }
  if (file === undefined && pinned === undefined)
    throw new ToolExit('What mode is ""?\nUnable to parse bpf command line\n', 1)
  const after = 'Unable to load program\n'
  let programId: number
  let held: { readonly maps: readonly number[] } | undefined
  if (pinned !== undefined) {
    const pin = machine.pins.get(pinned)
    if (pin?.kind !== 'program')
      throw new ToolExit(`Couldn't retrieve pinned program '${pinned}': No such file or directory\n${after}`, 1)
    programId = pin.id
  } else {
    const { object, entry } = sectionProgram(machine, file!, section, after)
    const loaded = loadObject(machine, file!, object, entry, skipSw ? netdev.ifindex : undefined)
    if (!loaded.ok) throw new ToolExit(`${loaded.stderr}${after}`, 1)
    programId = loaded.result.program.id
    held = { maps: loaded.result.maps.map((map) => map.id) }
  }
  const direction = words.direction ?? 'ingress'
  const result = machine.addFilter(netdev.ifindex, {
    direction,
    programId,
    label: pinned ?? `${file!.split('/').at(-1)}:[${section}]`,
    directAction,
    skipSw,
    skipHw,
    protocolAll: words.protocol === undefined || words.protocol === 'all',
    ...(words.pref !== undefined && { pref: words.pref }),
    ...(words.handle !== undefined && { handle: words.handle }),
  })
  if (held) {
    machine.close('program', programId)
    for (const id of held.maps) machine.close('map', id)
  }
  if (result.errno)
    throw new ToolExit(
      `${result.message === undefined ? `RTNETLINK answers: ${result.errno === -95 ? 'Operation not supported' : 'Invalid argument'}` : `Error: ${result.message}.`}\n${KERNEL}`,
      2,
    )
  return OK
}

function showFilters(
  machine: Machine,
  netdev: Netdev,
  direction: TcFilter['direction'] | undefined,
  options: { readonly json: boolean; readonly pretty: boolean },
): ToolResult {
  const filters = netdev.filters.filter((one) => one.direction === direction)
  if (options.json) {
    const values = filters.flatMap((one): Json[] => {
      const head = { protocol: 'all', pref: one.pref, kind: 'bpf', chain: 0 }
      const program = machine.programs.get(one.programId)
      return [
        head,
        {
          ...head,
          options: {
            handle: `0x${one.handle.toString(16)}`,
            bpf_name: one.label,
            'direct-action': one.directAction || undefined,
            skip_hw: one.skipHw || undefined,
            skip_sw: one.skipSw || undefined,
            [one.inHw ? 'in_hw' : 'not_in_hw']: true,
            prog: program
              ? {
                  id: program.id,
                  name: program.name,
                  tag: program.tag,
                  jited: bytesJited(program) === undefined ? 0 : 1,
                }
              : undefined,
          },
        },
      ]
    })
    return { ...OK, stdout: `${iprouteJson(values, options.pretty)}\n` }
  }
  let text = ''
  for (const one of filters) {
    const program = machine.programs.get(one.programId)
    const head = `filter protocol all pref ${one.pref} bpf chain 0 `
    const words = [
      one.label,
      ...(one.directAction ? ['direct-action'] : []),
      ...(one.skipHw ? ['skip_hw'] : one.skipSw ? ['skip_sw'] : []),
      one.inHw ? 'in_hw' : 'not_in_hw',
      ...(program
        ? [
            `id ${program.id} name ${program.name} tag ${program.tag}`,
            ...(bytesJited(program) === undefined ? [] : ['jited']),
          ]
        : []),
    ]
    text += `${head}\n${head}handle 0x${one.handle.toString(16)} ${words.join(' ')} \n`
  }
  return { ...OK, stdout: text }
}
