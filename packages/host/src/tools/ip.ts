/** ip link (tool-formats.md, section 8): show, set … xdp*, mtu, up, down, promisc. */
import { errnoText } from '../errno'
import { bytesJited } from '../machine/accounting'
import type { Machine } from '../machine/machine'
import type { Netdev, XdpMode } from '../machine/netdev'
import type { ObjectFile, ObjectProgram } from '../machine/object-file'
import { own } from '../own'
import type { ToolContext } from './context'
import { iprouteJson } from './json-text'
import type { Json } from './json-text'
import { loadObject } from './loader'
import { Arguments, ToolExit } from './result'
import type { ToolResult } from './result'

interface IpOptions {
  readonly details: boolean
  readonly json: boolean
  readonly pretty: boolean
  readonly force: boolean
  readonly brief: boolean
}

const XDP_WORDS: Readonly<Record<string, XdpMode>> = {
  xdp: 'driver',
  xdpdrv: 'driver',
  xdpgeneric: 'generic',
  xdpoffload: 'offload',
}
/** Order in which several programs are listed, and the words for them. */
const MODES: readonly {
  readonly mode: XdpMode
  readonly word: string
  readonly single: string
  readonly number: number
}[] = [
  { mode: 'generic', word: 'xdpgeneric', single: 'xdpgeneric', number: 2 },
  { mode: 'driver', word: 'xdpdrv', single: 'xdp', number: 1 },
  { mode: 'offload', word: 'xdpoffload', single: 'xdpoffload', number: 3 },
]
const XDP_MULTI = 4
const MIN_MTU = 68
const MAX_MTU = 9216

export function ip(context: ToolContext, words: readonly string[]): ToolResult {
  const options = { details: false, json: false, pretty: false, force: false, brief: false }
  let first = 0
  for (; words[first]?.startsWith('-'); first++) {
    const option = words[first]!.replace(/^--?/, '')
    if (option === 'V' || option === 'Version')
      return { stdout: 'ip utility, iproute2-6.1.0, libbpf 1.1.2\n', stderr: '', code: 0 }
    if ('details'.startsWith(option)) options.details = true
    else if ('json'.startsWith(option)) options.json = true
    else if ('pretty'.startsWith(option)) options.pretty = true
    else if ('force'.startsWith(option)) options.force = true
    else if (option === 'br' || option === 'brief') options.brief = true
    else if (option === 's' || option === 'statistics' || option === 'o' || option === 'c') continue
    else throw new ToolExit(`Option "-${option}" is unknown, try "ip -help".\n`, 255)
  }
  const args = new Arguments(words.slice(first))
  const object = args.next() ?? ''
  const address = object !== '' && 'address'.startsWith(object)
  if (!address && (object === '' || !'link'.startsWith(object)))
    throw new ToolExit(`Object "${object}" is unknown, try "ip help".\n`, 1)
  const command = args.next() ?? 'show'
  if ('show'.startsWith(command) || 'list'.startsWith(command) || command === 'lst')
    return show(context.machine, args, options, address)
  if ('set'.startsWith(command) && !address) return set(context.machine, args, options)
  throw new ToolExit(`Command "${command}" is unknown, try "ip link help".\n`, 255)
}

function requireDevice(machine: Machine, name: string | undefined, code: number): Netdev {
  const netdev = name === undefined ? undefined : machine.netdev(name)
  if (!netdev)
    throw new ToolExit(
      code === 1 && name !== undefined
        ? `${name.length > 15 ? `"dev" not a valid ifname` : `Device "${name}" does not exist.`}\n`
        : `Cannot find device "${name ?? ''}"\n`,
      1,
    )
  return netdev
}

function show(machine: Machine, args: Arguments, options: IpOptions, address: boolean): ToolResult {
  let devices = machine.netdevs
  while (args.left > 0) {
    if (args.takeExact('dev')) devices = [requireDevice(machine, args.next(), 1)]
    else if (args.takeExact('up')) devices = devices.filter((netdev) => netdev.up)
    else devices = [requireDevice(machine, args.next(), 1)]
  }
  if (options.json)
    return {
      stdout: `${iprouteJson(
        devices.map((netdev) => linkJson(machine, netdev)),
        options.pretty,
      )}\n`,
      stderr: '',
      code: 0,
    }
  return { stdout: devices.map((netdev) => linkText(machine, netdev, options, address)).join(''), stderr: '', code: 0 }
}

function flagsOf(netdev: Netdev): string[] {
  return [
    'BROADCAST',
    'MULTICAST',
    ...(netdev.promiscuous ? ['PROMISC'] : []),
    ...(netdev.up ? ['UP', 'LOWER_UP'] : []),
  ]
}

function linkText(machine: Machine, netdev: Netdev, options: IpOptions, address: boolean): string {
  const state = netdev.up ? 'UP' : 'DOWN'
  if (options.brief)
    return `${netdev.name.padEnd(16)} ${state.padEnd(14)} ${netdev.mac} <${flagsOf(netdev).join(',')}> \n`
  const attached = MODES.filter(({ mode }) => netdev.xdp[mode] !== undefined)
  const one = attached.length === 1 ? attached[0]! : undefined
  let word = one ? one.single : attached.length > 1 ? 'xdpmulti' : ''
  if (address && one) word += `/id:${netdev.xdp[one.mode]}`
  let text = `${netdev.ifindex}: ${netdev.name}: <${flagsOf(netdev).join(',')}> mtu ${netdev.mtu} ${word === '' ? '' : `${word} `}qdisc mq state ${state} ${address ? '' : 'mode DEFAULT '}group default qlen 1000\n`
  text += `    link/ether ${netdev.mac} brd ff:ff:ff:ff:ff:ff${options.details ? details(netdev) : ''}\n`
  if (address) return text
  for (const { mode, word: name } of attached) {
    const program = machine.programs.get(netdev.xdp[mode]!)
    if (!program) continue
    text += `    prog/${one ? 'xdp' : name} id ${program.id} ${program.name === '' ? '' : `name ${program.name} `}tag ${program.tag} ${bytesJited(program) === undefined ? '' : 'jited '}`
    if (options.details)
      text += `load_time ${Math.floor(program.loadedAt)} created_by_uid 0 ${program.types ? `btf_id ${program.types.btf.id} ` : ''}`
    text += '\n'
  }
  return text
}

function details(netdev: Netdev): string {
  const { maxChannels } = netdev
  return ` promiscuity ${netdev.promiscuous ? 1 : 0}  allmulti 0 minmtu ${MIN_MTU} maxmtu ${MAX_MTU} addrgenmode eui64 numtxqueues ${maxChannels} numrxqueues ${maxChannels} gso_max_size 65536 gso_max_segs 65535 tso_max_size 65536 tso_max_segs 65535 gro_max_size 65536 `
}

function linkJson(machine: Machine, netdev: Netdev): Json {
  const attached = MODES.filter(({ mode }) => netdev.xdp[mode] !== undefined)
  const prog = (mode: XdpMode): Json => {
    const program = machine.programs.get(netdev.xdp[mode]!)!
    return { id: program.id, name: program.name, tag: program.tag, jited: bytesJited(program) === undefined ? 0 : 1 }
  }
  const list = attached.map(({ mode, number }) => ({ mode: number, prog: prog(mode) }))
  return {
    ifindex: netdev.ifindex,
    ifname: netdev.name,
    flags: flagsOf(netdev),
    mtu: netdev.mtu,
    xdp:
      attached.length === 0
        ? undefined
        : attached.length === 1
          ? { ...list[0]!, attached: list }
          : { mode: XDP_MULTI, attached: list },
    qdisc: 'mq',
    operstate: netdev.up ? 'UP' : 'DOWN',
    linkmode: 'DEFAULT',
    group: 'default',
    txqlen: 1000,
    link_type: 'ether',
    address: netdev.mac,
    broadcast: 'ff:ff:ff:ff:ff:ff',
  }
}

/** What an XDP attribute says: a program to be loaded, pinned, or taken off. */
interface XdpRequest {
  readonly mode: XdpMode
  readonly off: boolean
  readonly file?: string
  readonly section?: string
  readonly pinned?: string
}

function set(machine: Machine, args: Arguments, options: IpOptions): ToolResult {
  let name: string | undefined
  let request: XdpRequest | undefined
  const changes: ((netdev: Netdev) => void)[] = []
  while (args.left > 0) {
    const word = args.next()!
    if (word === 'dev') name = args.next()
    else if (own(XDP_WORDS, word)) request = xdpRequest(machine, own(XDP_WORDS, word)!, args)
    else if (word === 'up') changes.push((netdev) => (netdev.up = true))
    else if (word === 'down') changes.push((netdev) => (netdev.up = false))
    else if (word === 'promisc') {
      const value = args.next()
      if (value !== 'on' && value !== 'off')
        throw new ToolExit('Error: argument of "promisc" must be "on" or "off", not "' + (value ?? '') + '"\n', 255)
      changes.push((netdev) => (netdev.promiscuous = value === 'on'))
    } else if (word === 'mtu') {
      const mtu = Number(args.next())
      if (!Number.isInteger(mtu) || mtu < 0)
        throw new ToolExit('Error: argument "mtu" is wrong: Invalid "mtu" value\n\n', 255)
      changes.push((netdev) => {
        if (mtu < MIN_MTU || mtu > MAX_MTU)
          throw new ToolExit(
            `Error: mtu ${mtu < MIN_MTU ? 'less than device minimum' : 'greater than device maximum'}.\n`,
            2,
          )
        answer(machine.setMtu(netdev.ifindex, mtu))
      })
    } else if (name === undefined) name = word
    else throw new ToolExit(`Error: either "dev" is duplicate, or "${word}" is a garbage.\n`, 255)
  }
  if (name === undefined) throw new ToolExit('Not enough information: "dev" argument is required.\n', 255)
  const netdev = machine.netdev(name)
  if (!netdev) throw new ToolExit(`Cannot find device "${name}"\n`, 1)
  for (const change of changes) change(netdev)
  return request ? attach(machine, netdev, request, options) : { stdout: '', stderr: '', code: 0 }
}

function xdpRequest(machine: Machine, mode: XdpMode, args: Arguments): XdpRequest {
  const word = args.next() ?? ''
  if (word === 'off' || word === 'none') return { mode, off: true }
  if (word !== '' && 'pinned'.startsWith(word)) {
    const pinned = args.next() ?? ''
    if (machine.pins.get(pinned)?.kind !== 'program')
      throw new ToolExit(`Couldn't retrieve pinned program '${pinned}': No such file or directory\n`, 255)
    return { mode, off: false, pinned }
  }
  if (word === '' || !('object'.startsWith(word) && word.length >= 3))
    throw new ToolExit(`What mode is "${word}"?\n`, 255)
  const file = args.next() ?? ''
  let section = 'prog'
  while (args.left > 0) {
    if (args.takeExact('sec') || args.takeExact('section')) section = args.next() ?? ''
    else if (!args.takeExact('verbose') && !args.takeExact('verb')) break
  }
  return { mode, off: false, file, section }
}

/** The program of an object file's section, or the tools' complaints about it. */
export function sectionProgram(
  machine: Machine,
  file: string,
  section: string,
  after = '',
): { readonly object: ObjectFile; readonly entry: ObjectProgram } {
  const object = machine.files.get(file)
  if (!object) throw new ToolExit(`Cannot initialize ELF context!\n${after}`, after === '' ? 255 : 1)
  const entry = object.programs.find((one) => one.section === section || one.program.name === section)
  if (!entry) throw new ToolExit(`object file doesn't contain sec ${section}\n${after}`, after === '' ? 255 : 1)
  return { object, entry }
}

function attach(machine: Machine, netdev: Netdev, request: XdpRequest, options: IpOptions): ToolResult {
  const { mode } = request
  if (request.off) return answer(machine.detach(netdev.ifindex, mode))
  if (request.pinned !== undefined)
    return answer(
      machine.attach(machine.pins.get(request.pinned)!.id, netdev.ifindex, mode, { noReplace: !options.force }),
    )
  const { object, entry } = sectionProgram(machine, request.file!, request.section!)
  const loaded = loadObject(machine, request.file!, object, entry, mode === 'offload' ? netdev.ifindex : undefined)
  if (!loaded.ok) throw new ToolExit(loaded.stderr, 255)
  const { program: made, maps } = loaded.result
  const result = machine.attach(made.id, netdev.ifindex, mode, { noReplace: !options.force })
  // The tool ends now: what is attached stays, the rest goes.
  machine.close('program', made.id)
  for (const map of maps) machine.close('map', map.id)
  return answer(result)
}

/** Text of a netlink answer with its extended ack. */
export function answer(result: { readonly errno: number; readonly message?: string }): ToolResult {
  const text = result.message === undefined ? '' : `${result.message.replace(/\.$/, '')}.`
  if (result.errno === 0) return { stdout: '', stderr: text === '' ? '' : `Warning: ${text}\n`, code: 0 }
  throw new ToolExit(text === '' ? `RTNETLINK answers: ${errnoText(result.errno)}\n` : `Error: ${text}\n`, 2)
}
