/** bpftool prog: show, dump, load, pin, run (tool-formats.md, section 2). */
import { parseHex } from '@offload/packet'
import { ERRNO, errnoText } from '../errno'
import { bytesJited, bytesTranslated, programMemlock } from '../machine/accounting'
import type { Machine } from '../machine/machine'
import type { BpfProgram } from '../machine/objects'
import { runProgram } from '../vm/run'
import { BpftoolError, fail, NOTHING } from './bpftool'
import type { BpftoolOptions, ObjectCommand, Output } from './bpftool'
import { dump } from './bpftool-dump'
import { hasHandle, oneProgram, pinsOf, programHandles } from './bpftool-handles'
import { isoTime, unixTime } from './context'
import type { ToolContext } from './context'
import type { Json } from './json-text'
import { loadObject } from './loader'
import { ToolExit } from './result'
import type { Arguments } from './result'

const COMMANDS: Readonly<Record<string, ObjectCommand>> = {
  show,
  list: show,
  dump,
  load: (c, a, o) => load(c, a, o, false),
  loadall: (c, a, o) => load(c, a, o, true),
  pin,
  run,
  help: usage,
}

export const progCommand: ObjectCommand = (context, args, options) => {
  const word = args.next() ?? 'show'
  const name = Object.keys(COMMANDS).find((one) => one.startsWith(word))
  if (name === undefined) return fail(`unknown command '${word}'`)
  return COMMANDS[name]!(context, args, options)
}

function usage(): never {
  throw new ToolExit(
    `Usage: bpftool prog { show | list } [PROG]
       bpftool prog dump xlated PROG [{ file FILE | opcodes | visual | linum }]
       bpftool prog dump jited  PROG [{ file FILE | opcodes | linum }]
       bpftool prog pin   PROG FILE
       bpftool prog { load | loadall } OBJ  PATH \\
                         [type TYPE] [dev NAME] \\
                         [pinmaps MAP_DIR]
       bpftool prog run PROG \\
                         data_in FILE \\
                         [data_out FILE [data_size_out L]] \\
                         [repeat N]

       PROG := { id PROG_ID | pinned FILE | tag PROG_TAG | name PROG_NAME }
`,
    0,
  )
}

function show(context: ToolContext, args: Arguments, options: BpftoolOptions): Output {
  const { machine } = context
  const single = hasHandle(args)
  const programs = single ? programHandles(machine, args) : machine.programs.list()
  const values = programs.map((program) => programJson(context, program, options))
  return {
    text: programs.map((program) => programText(context, program, options)).join(''),
    json: single && values.length === 1 ? values[0]! : values,
  }
}

export function deviceName(machine: Machine, ifindex: number | undefined): string | undefined {
  return ifindex === undefined ? undefined : machine.netdev(ifindex)?.name
}

/** `dev` object of JSON output. */
export function deviceJson(machine: Machine, ifindex: number | undefined): Json | undefined {
  if (ifindex === undefined) return undefined
  return { ifindex, ns_dev: 4, ns_inode: 4026531992, ifname: deviceName(machine, ifindex) }
}

function programText(context: ToolContext, program: BpfProgram, options: BpftoolOptions): string {
  const { machine } = context
  const device = deviceName(machine, program.ifindex)
  const jited = bytesJited(program)
  let text = `${program.id}: ${program.type}`
  if (program.name !== '') text += `  name ${program.name}`
  text += `  tag ${program.tag}`
  if (device !== undefined) text += `  offloaded_to ${device}`
  if (program.gpl) text += '  gpl'
  text += `\n\tloaded_at ${isoTime(unixTime(context, program.loadedAt))}  uid 0\n`
  text += `\txlated ${bytesTranslated(program)}B  ${jited === undefined ? 'not jited' : `jited ${jited}B`}  memlock ${programMemlock(program)}B`
  if (program.mapIds.length > 0) text += `  map_ids ${program.mapIds.join(',')}`
  text += '\n'
  if (options.pins) for (const path of pinsOf(machine, 'program', program.id)) text += `\tpinned ${path}\n`
  if (program.types) text += `\tbtf_id ${program.types.btf.id}\n`
  return text
}

function programJson(context: ToolContext, program: BpfProgram, options: BpftoolOptions): Json {
  const jited = bytesJited(program)
  const pins = options.pins ? pinsOf(context.machine, 'program', program.id) : []
  return {
    id: program.id,
    type: program.type,
    name: program.name === '' ? undefined : program.name,
    tag: program.tag,
    gpl_compatible: program.gpl,
    dev: deviceJson(context.machine, program.ifindex),
    loaded_at: unixTime(context, program.loadedAt),
    uid: 0,
    bytes_xlated: bytesTranslated(program),
    jited: jited !== undefined,
    bytes_jited: jited,
    bytes_memlock: programMemlock(program),
    map_ids: program.mapIds.length > 0 ? program.mapIds : undefined,
    btf_id: program.types?.btf.id,
    pinned: pins.length > 0 ? pins : undefined,
  }
}

function load(context: ToolContext, args: Arguments, _options: BpftoolOptions, all: boolean): Output {
  const { machine } = context
  if (args.left < 2) fail(`'load' needs at least 2 arguments, ${args.left} found`)
  const file = args.next()!
  const path = args.next()!
  let ifindex: number | undefined
  let pinMaps: string | undefined
  let type: string | undefined
  while (args.left > 0) {
    if (args.take('type')) type = args.next()
    else if (args.take('dev') || args.take('offload_dev')) {
      const name = args.next() ?? ''
      ifindex = machine.netdev(name)?.ifindex ?? fail(`unrecognized netdevice '${name}': No such device`)
    } else if (args.take('pinmaps')) pinMaps = args.next()
    else fail(`expected no more arguments, 'type', 'map' or 'dev', got: '${args.peek()}'?`)
  }
  const warning = `Warning: bpftool is now running in libbpf strict mode and has more stringent requirements about BPF programs.\nIf it used to work for this object file but now doesn't, see --legacy option for more details.\n\n`
  const object = machine.files.get(file)
  if (!object)
    throw new BpftoolError(
      'failed to open object file',
      1,
      `libbpf: elf: failed to open ${file}: No such file or directory\n`,
      warning,
    )
  for (const entry of all ? object.programs : object.programs.slice(0, 1)) {
    const { section, program } = entry
    if (
      type !== undefined &&
      type.replace('classifier', 'sched_cls').replace('socket', 'socket_filter') !== program.progType &&
      !section.startsWith(type)
    )
      continue
    const loaded = loadObject(machine, file, object, entry, ifindex)
    if (!loaded.ok) throw new BpftoolError('failed to load object file', 1, loaded.stderr, warning)
    const { program: made, maps } = loaded.result
    const errno = machine.pin(all ? `${path}/${program.name}` : path, 'program', made.id)
    if (pinMaps !== undefined) for (const map of maps) machine.pin(`${pinMaps}/${map.name}`, 'map', map.id)
    machine.close('program', made.id)
    for (const map of maps) machine.close('map', map.id)
    if (errno)
      throw new BpftoolError(
        `failed to pin program ${section}`,
        1,
        `libbpf: failed to pin program: ${errnoText(errno)}\n`,
      )
  }
  return NOTHING
}

function pin(context: ToolContext, args: Arguments): Output {
  const program = oneProgram(context.machine, args)
  pinAt(context.machine, 'program', program.id, args)
  return NOTHING
}

/** `… pin HANDLE PATH` of programs and maps. */
export function pinAt(machine: Machine, kind: 'program' | 'map', id: number, args: Arguments): void {
  const path = args.next()
  if (path === undefined) fail(`'pin' needs at least 3 arguments, 2 found`)
  if (!path.startsWith('/sys/fs/bpf/'))
    fail(`can't mount BPF file system to pin the object (${path}): No such file or directory`)
  const errno = machine.pin(path, kind, id)
  if (errno) fail(`can't pin the object (${path}): ${errnoText(errno)}`, -errno)
}

function run(context: ToolContext, args: Arguments): Output {
  if (args.left < 4) fail(`'run' needs at least 4 arguments, ${args.left} found`)
  const program = oneProgram(context.machine, args)
  let data: Uint8Array | undefined
  let out: string | undefined
  let repeat = 1
  while (args.left > 0) {
    if (args.takeExact('data_in')) {
      const name = args.next() ?? ''
      data = parseHex(name) ?? fail(`failed to open ${name}: No such file or directory`)
    } else if (args.takeExact('data_out')) out = args.next()
    else if (args.takeExact('data_size_out')) args.next()
    else if (args.take('repeat')) repeat = Math.min(1_000_000, Math.max(1, Number(args.next() ?? 1) || 1))
    else
      fail(
        `expected no more arguments, 'data_in', 'data_out', 'data_size_out', 'ctx_in', 'ctx_out', 'ctx_size_out' or 'repeat', got: '${args.peek()}'?`,
      )
  }
  if (!program.vm) fail(`failed to run program: ${errnoText(ERRNO.ENOTSUPP)}`, ERRNO.ENOTSUPP)
  if (!data) fail('failed to get input data')
  const { machine } = context
  let instructions = 0
  let result = runProgram(machine.vm, program.vm, program.type, data)
  for (let i = 1; i < repeat && !result.errno; i++) {
    instructions += result.instructions
    result = runProgram(machine.vm, program.vm, program.type, data)
  }
  if (result.errno) fail(`failed to run program: ${errnoText(result.errno)}`, result.errno)
  // The machine has no host clock: an instruction counts as a nanosecond.
  const duration = Math.floor((instructions + result.instructions) / repeat)
  const text = `${out === '-' ? hexDump(result.data) : ''}Return value: ${result.retval}, duration${repeat > 1 ? ' (average)' : ''}: ${duration}ns\n`
  return { text, json: { retval: result.retval, duration } }
}

/** `0000010⇥0000 … | ........ ........`, 16 bytes a line. */
function hexDump(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 16) {
    const row = bytes.subarray(at, at + 16)
    let pairs = ''
    for (let i = 0; i < 16; i += 2)
      pairs += ` ${i < row.length ? row[i]!.toString(16).padStart(2, '0') : '  '}${i + 1 < row.length ? row[i + 1]!.toString(16).padStart(2, '0') : '  '}`
    const char = (i: number): string =>
      i >= row.length ? ' ' : row[i]! >= 32 && row[i]! < 127 ? String.fromCharCode(row[i]!) : '.'
    const chars = (from: number): string => Array.from({ length: 8 }, (_, i) => char(from + i)).join('')
    text += `${at.toString(16).padStart(7, '0')}\t${pairs.slice(1)} | ${chars(0)} ${chars(8)}\n`
  }
  return text
}
