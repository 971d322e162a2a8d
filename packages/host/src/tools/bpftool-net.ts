/** bpftool net: what is attached where, attach, detach (tool-formats.md, section 5). */
import { errnoText } from '../errno'
import type { XdpMode } from '../machine/netdev'
import { own } from '../own'
import { BpftoolError, fail, NOTHING } from './bpftool'
import type { ObjectCommand, Output } from './bpftool'
import { oneProgram } from './bpftool-handles'
import type { ToolContext } from './context'
import type { Json } from './json-text'
import type { Arguments } from './result'

const COMMANDS: Readonly<Record<string, ObjectCommand>> = { show, list: show, attach, detach }

export const netCommand: ObjectCommand = (context, args, options) => {
  const word = args.next() ?? 'show'
  const name = Object.keys(COMMANDS).find((one) => one.startsWith(word))
  if (name === undefined) return fail(`unknown command '${word}'`)
  return COMMANDS[name]!(context, args, options)
}

const MODES: readonly XdpMode[] = ['generic', 'driver', 'offload']

const ATTACH_TYPES: Readonly<Record<string, XdpMode>> = {
  xdp: 'driver',
  xdpgeneric: 'generic',
  xdpdrv: 'driver',
  xdpoffload: 'offload',
}

function show(context: ToolContext): Output {
  const { netdevs } = context.machine
  let text = 'xdp:\n'
  const xdp: Json[] = []
  for (const { name, ifindex, xdp: slots } of netdevs) {
    const used = MODES.filter((mode) => slots[mode] !== undefined)
    if (used.length === 0) continue
    text += `${name}(${ifindex})${used.map((mode) => ` ${mode} id ${slots[mode]}`).join('')}\n`
    if (used.length === 1) xdp.push({ devname: name, ifindex, mode: used[0]!, id: slots[used[0]!]! })
    else xdp.push({ devname: name, ifindex, multi_attachments: used.map((mode) => ({ mode, id: slots[mode]! })) })
  }
  text += '\ntc:\n'
  const tc: Json[] = []
  for (const { name, ifindex, filters } of netdevs) {
    for (const filter of filters) {
      const kind = `clsact/${filter.direction}`
      text += `${name}(${ifindex}) ${kind} ${filter.label} id ${filter.programId}\n`
      tc.push({ devname: name, ifindex, kind, name: filter.label, id: filter.programId })
    }
  }
  return { text: `${text}\nflow_dissector:\n\n`, json: [{ xdp, tc, flow_dissector: [] }] }
}

function attachType(args: Arguments): { readonly word: string; readonly mode: XdpMode } {
  const word = args.next() ?? ''
  const mode = own(ATTACH_TYPES, word) ?? fail(`invalid net attach/detach type: ${word}`, 22)
  return { word, mode }
}

function deviceIndex(context: ToolContext, args: Arguments): number {
  if (!args.take('dev')) fail(`expected 'dev', got: '${args.peek() ?? ''}'?`, 22)
  const name = args.next() ?? ''
  return context.machine.netdev(name)?.ifindex ?? fail(`invalid devname ${name}`, 22)
}

function attach(context: ToolContext, args: Arguments): Output {
  if (args.left < 5) fail(`'attach' needs at least 5 arguments, ${args.left} found`, 22)
  const { word, mode } = attachType(args)
  const program = oneProgram(context.machine, args)
  const ifindex = deviceIndex(context, args)
  const overwrite = args.take('overwrite')
  const result = context.machine.attach(program.id, ifindex, mode, { noReplace: !overwrite })
  if (result.errno)
    throw new BpftoolError(
      `interface ${word} attach failed: ${errnoText(result.errno)}`,
      -result.errno,
      kernelMessage(result.message),
    )
  return NOTHING
}

function detach(context: ToolContext, args: Arguments): Output {
  if (args.left < 3) fail(`'detach' needs at least 3 arguments, ${args.left} found`, 22)
  const { word, mode } = attachType(args)
  const ifindex = deviceIndex(context, args)
  const result = context.machine.detach(ifindex, mode)
  if (result.errno)
    throw new BpftoolError(
      `interface ${word} detach failed: ${errnoText(result.errno)}`,
      -result.errno,
      kernelMessage(result.message),
    )
  return NOTHING
}

function kernelMessage(message: string | undefined): string {
  return message === undefined ? '' : `libbpf: Kernel error message: ${message}\n`
}
