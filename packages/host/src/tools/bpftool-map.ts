/** bpftool map: show, dump, elements, create, events (tool-formats.md, sections 3 and 11). */
import { readInt, sizeOf } from '@offload/bpf'
import type { DataType } from '@offload/bpf'
import { ERRNO, errnoText } from '../errno'
import { mapMemlock } from '../machine/accounting'
import type { BpfMap } from '../machine/objects'
import { MAP_TYPE_NUMBERS, rounded } from '../maps/map'
import { QueueMap } from '../maps/queue-map'
import { own } from '../own'
import { fail, NOTHING } from './bpftool'
import type { BpftoolOptions, ObjectCommand, Output } from './bpftool'
import { hasHandle, mapHandles, oneMap, pinsOf } from './bpftool-handles'
import { deviceJson, deviceName, pinAt } from './bpftool-prog'
import type { ToolContext } from './context'
import { hexRows, hexStrings, parseByte } from './hex-rows'
import { jsonText, RawJson } from './json-text'
import type { Json } from './json-text'
import { ToolExit } from './result'
import type { Arguments } from './result'

const COMMANDS: Readonly<Record<string, ObjectCommand>> = {
  show,
  list: show,
  help: () => usage(),
  dump,
  update,
  lookup,
  getnext: getNext,
  delete: remove,
  pin,
  event_pipe: eventPipe,
  peek,
  push: update,
  pop,
  enqueue: update,
  dequeue: pop,
  create,
  freeze,
}

export const mapCommand: ObjectCommand = (context, args, options) => {
  const word = args.next() ?? 'show'
  const name = Object.keys(COMMANDS).find((one) => one.startsWith(word))
  if (name === undefined) return fail(`unknown command '${word}'`)
  return COMMANDS[name]!(context, args, options)
}

function usage(code = 0): never {
  throw new ToolExit(
    `Usage: bpftool map { show | list }   [MAP]
       bpftool map create     FILE type TYPE key KEY_SIZE value VALUE_SIZE \\
                                  entries MAX_ENTRIES name NAME [flags FLAGS] \\
                                  [inner_map MAP] [dev NAME]
       bpftool map dump       MAP
       bpftool map update     MAP [key DATA] [value VALUE] [UPDATE_FLAGS]
       bpftool map lookup     MAP [key DATA]
       bpftool map getnext    MAP [key DATA]
       bpftool map delete     MAP  key DATA
       bpftool map pin        MAP  FILE
       bpftool map event_pipe MAP [cpu N index M]
       bpftool map peek       MAP
       bpftool map push       MAP value VALUE
       bpftool map pop        MAP
       bpftool map freeze     MAP

       MAP := { id MAP_ID | pinned FILE | name MAP_NAME }
`,
    code,
  )
}

function show(context: ToolContext, args: Arguments, options: BpftoolOptions): Output {
  const { machine } = context
  const single = hasHandle(args)
  const maps = single ? mapHandles(machine, args) : machine.maps.list()
  const values = maps.map((map) => mapJson(context, map, options))
  return {
    text: maps.map((map) => mapText(context, map, options)).join(''),
    json: single && values.length === 1 ? values[0]! : values,
  }
}

function mapText(context: ToolContext, map: BpfMap, options: BpftoolOptions): string {
  const { type, keySize, valueSize, maxEntries, flags } = map.attributes
  const device = deviceName(context.machine, map.ifindex)
  let text = `${map.id}: ${type}`
  if (map.name !== '') text += `  name ${map.name}`
  text += `  flags 0x${flags.toString(16)}`
  if (device !== undefined) text += `  offloaded_to ${device}`
  text += `\n\tkey ${keySize}B  value ${valueSize}B  max_entries ${maxEntries}  memlock ${mapMemlock(map, context.machine.cpus)}B\n`
  if (map.owner) text += `\towner_prog_type ${map.owner.type}  owner${map.owner.jited ? '' : ' not'} jited\n`
  if (options.pins) for (const path of pinsOf(context.machine, 'map', map.id)) text += `\tpinned ${path}\n`
  if (map.btf) text += `\tbtf_id ${map.btf.id}${map.frozen ? '  frozen' : ''}\n`
  else if (map.frozen) text += '\tfrozen\n'
  return text
}

function mapJson(context: ToolContext, map: BpfMap, options: BpftoolOptions): Json {
  const { type, keySize, valueSize, maxEntries, flags } = map.attributes
  const pins = options.pins ? pinsOf(context.machine, 'map', map.id) : []
  return {
    id: map.id,
    type,
    name: map.name === '' ? undefined : map.name,
    flags,
    dev: deviceJson(context.machine, map.ifindex),
    bytes_key: keySize,
    bytes_value: valueSize,
    max_entries: maxEntries,
    bytes_memlock: mapMemlock(map, context.machine.cpus),
    owner_prog_type: map.owner?.type,
    owner_jited: map.owner?.jited,
    frozen: map.frozen ? 1 : 0,
    btf_id: map.btf?.id,
    pinned: pins.length > 0 ? pins : undefined,
  }
}

/** Types of key and value: maps of the host that were declared with them; maps of a card have none (nfp-offload.md, section 4). */
function typesOf(map: BpfMap): { readonly key: DataType; readonly value: DataType } | undefined {
  const { key, value } = map.definition
  if (map.table || !value) return undefined
  return { key: key ?? { kind: 'int', size: sizeOfKey(map), signed: false }, value }
}

function sizeOfKey(map: BpfMap): 1 | 2 | 4 | 8 {
  const { keySize } = map.attributes
  return keySize === 1 || keySize === 2 || keySize === 8 ? keySize : 4
}

const isChar = (type: DataType): boolean => type.kind === 'int' && type.size === 1 && type.encoding === 'char'

/** Characters up to the first zero, where there is one and all before it can be printed. */
function textOf(bytes: Uint8Array): string | undefined {
  const end = bytes.indexOf(0)
  const shown = bytes.subarray(0, end)
  return end >= 0 && shown.every((byte) => byte >= 32 && byte < 127) ? String.fromCharCode(...shown) : undefined
}

/** A value by its type: enums and booleans by name, bit fields in hex. `plain` is the form without -j. */
function decoded(bytes: Uint8Array, type: DataType, plain: boolean): Json {
  const json = (part: DataType, offset: number): Json => {
    if (part.kind === 'struct')
      return Object.fromEntries(part.fields.map((field) => [field.name, json(field.type, offset + field.offset)]))
    if (part.kind === 'array') {
      const size = sizeOf(part.of)
      const text = isChar(part.of) ? textOf(bytes.subarray(offset, offset + part.count)) : undefined
      return text ?? Array.from({ length: part.count }, (_, i) => json(part.of, offset + i * size))
    }
    const value = readInt(bytes, part, offset)
    if (part.encoding === 'bool') return value !== 0n
    if (part.encoding === 'enum') {
      const name = part.names?.find(([, number]) => BigInt(number) === value)?.[0]
      if (name !== undefined) return name
    }
    if (part.bits !== undefined) {
      const hex = `0x${BigInt.asUintN(part.bits.size, value).toString(16)}`
      return plain ? new RawJson(hex) : hex
    }
    if (part.encoding === 'pointer' && plain) return new RawJson(`0x${value.toString(16)}`)
    return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value
  }
  return bytes.length >= sizeOf(type) ? json(type, 0) : hexStrings(bytes)
}

const isPerCpu = (map: BpfMap): boolean => map.attributes.type.includes('percpu')

/** Values of each CPU. */
function cpuValues(map: BpfMap, value: Uint8Array, cpus: number): Uint8Array[] {
  const stride = rounded(map.attributes.valueSize)
  return Array.from({ length: cpus }, (_, cpu) => value.subarray(cpu * stride, cpu * stride + map.attributes.valueSize))
}

/** One entry without types, as lines. */
function plainEntry(map: BpfMap, key: Uint8Array, value: Uint8Array, cpus: number): string {
  const { keySize, valueSize } = map.attributes
  if (isPerCpu(map)) {
    let text = `key:\n${hexRows(key).join('\n')}\n`
    cpuValues(map, value, cpus).forEach((one, cpu) => {
      text += `value (CPU ${String(cpu).padStart(2, '0')}):${valueSize > 16 ? '\n' : ' '}${hexRows(one).join('\n')}\n`
    })
    return text
  }
  const [keyText, valueText] = [hexRows(key).join('\n'), hexRows(value).join('\n')]
  if (keySize > 16 || valueSize > 16) return `key:\n${keyText}\nvalue:\n${valueText}\n`
  return `key: ${keyText}${keySize + valueSize <= 24 ? '  ' : '\n'}value: ${valueText}\n`
}

function entryJson(map: BpfMap, key: Uint8Array, value: Uint8Array, cpus: number, raw: boolean): Json {
  const types = typesOf(map)
  const values = isPerCpu(map) ? cpuValues(map, value, cpus) : undefined
  const plain = {
    key: hexStrings(key),
    value: values ? undefined : hexStrings(value),
    values: values?.map((one, cpu) => ({ cpu, value: hexStrings(one) })),
  }
  if (!types) return plain
  const formatted = {
    key: decoded(key, types.key, !raw),
    value: values ? undefined : decoded(value, types.value, !raw),
    values: values?.map((one, cpu) => ({ cpu, value: decoded(one, types.value, !raw) })),
  }
  return raw ? { ...plain, formatted } : formatted
}

/** An entry that cannot be read, in the forms of `plainEntry`. */
function entryError(map: BpfMap, key: Uint8Array, errno: number): string {
  const text = errno === -ERRNO.ENOENT ? '<no entry>' : errnoText(errno)
  const row = hexRows(key).join('\n')
  const { keySize } = map.attributes
  if (keySize > 16 || text.length > 16) return `key:\n${row}\nvalue:\n${text}\n`
  return `key: ${row}${keySize + text.length <= 24 ? '  ' : '\n'}value: ${text}\n`
}

function dump(context: ToolContext, args: Arguments): Output {
  const { machine } = context
  if (args.left !== 2) usage(255)
  const maps = mapHandles(machine, args)
  let text = ''
  const json: Json[] = []
  for (const map of maps) {
    const decodedValues: Json[] = []
    let found = 0
    let plain = ''
    for (let key = machine.mapNextKey(map.id); key; key = machine.mapNextKey(map.id, key)) {
      const { errno, value } = machine.mapLookup(map.id, key)
      if (!value) {
        // Empty slots of program arrays and maps of maps are passed over.
        if (errno === -ERRNO.ENOENT && /^prog_array|_of_maps$/.test(map.attributes.type)) continue
        plain += entryError(map, key, errno)
        json.push({ key: hexStrings(key), value: { error: errnoText(errno) } })
        continue
      }
      found++
      plain += plainEntry(map, key, value, machine.cpus)
      json.push(entryJson(map, key, value, machine.cpus, true))
      if (typesOf(map)) decodedValues.push(entryJson(map, key, value, machine.cpus, false))
    }
    text += typesOf(map)
      ? `${jsonText(decodedValues, true)}\n`
      : `${plain}Found ${found} element${found === 1 ? '' : 's'}\n`
  }
  return { text, json }
}

/** `key … value … [any|noexist|exist]` in any order. */
function elementArguments(
  map: BpfMap,
  args: Arguments,
  wanted: { readonly key: boolean; readonly value: boolean },
): { key: Uint8Array; value: Uint8Array; flags: number } {
  let key: Uint8Array = new Uint8Array(0)
  let value: Uint8Array = new Uint8Array(0)
  let flags = 0
  let haveKey = false
  let haveValue = false
  const bytes = (size: number, what: string): Uint8Array => {
    const hex = args.takeExact('hex')
    const out: number[] = []
    while (out.length < size) {
      const word = args.next()
      if (word === undefined || ['key', 'value', 'any', 'noexist', 'exist'].includes(word))
        fail(`${what} expected ${size} bytes got ${out.length}`)
      out.push(parseByte(word, hex))
    }
    return Uint8Array.from(out)
  }
  const { keySize, valueSize } = map.attributes
  while (args.left > 0) {
    if (args.take('key')) {
      key = bytes(keySize, 'key')
      haveKey = true
    } else if (args.take('value')) {
      value = bytes(valueSize, 'value')
      haveValue = true
    } else if (args.take('any')) flags = 0
    else if (args.take('noexist')) flags = 1
    else if (args.take('exist')) flags = 2
    else fail(`expected key or value, got: ${args.peek()}`)
  }
  if (wanted.key && keySize > 0 && !haveKey) fail('did not find key')
  if (wanted.value && !haveValue) fail('did not find value')
  return { key, value, flags }
}

function update(context: ToolContext, args: Arguments): Output {
  const { machine } = context
  const map = oneMap(machine, args)
  const { key, value, flags } = elementArguments(map, args, { key: true, value: true })
  // The host writes the same value to every CPU.
  const whole = isPerCpu(map) ? machine.cpus : 1
  const stride = rounded(map.attributes.valueSize)
  const bytes = whole === 1 ? value : new Uint8Array(stride * whole)
  if (whole > 1) for (let cpu = 0; cpu < whole; cpu++) bytes.set(value, cpu * stride)
  const errno = machine.mapUpdate(map.id, key, bytes, flags)
  if (errno) fail(`update failed: ${errnoText(errno)}`, -errno)
  return NOTHING
}

function notFound(key: Uint8Array): Output {
  return { text: `key:\n${hexRows(key).join('\n')}\n\nNot found\n`, json: null, code: 254 }
}

function lookup(context: ToolContext, args: Arguments): Output {
  const { machine } = context
  const map = oneMap(machine, args)
  const { key } = elementArguments(map, args, { key: true, value: false })
  const { errno, value } = machine.mapLookup(map.id, key)
  if (!value) return errno === -ERRNO.ENOENT ? notFound(key) : fail(`lookup failed: ${errnoText(errno)}`, -errno)
  const json = entryJson(map, key, value, machine.cpus, true)
  if (typesOf(map)) return { text: `${jsonText(entryJson(map, key, value, machine.cpus, false), true)}\n`, json }
  return { text: plainEntry(map, key, value, machine.cpus), json }
}

function getNext(context: ToolContext, args: Arguments): Output {
  const { machine } = context
  const map = oneMap(machine, args)
  const given = args.left > 0 ? elementArguments(map, args, { key: true, value: false }).key : undefined
  const next = machine.mapNextKey(map.id, given)
  if (!next) return fail(`can't get next key: No such file or directory`, ERRNO.ENOENT)
  const before = given ? `key:\n${hexRows(given).join('\n')}\n` : 'key: None\n'
  return {
    text: `${before}next key:\n${hexRows(next).join('\n')}\n`,
    json: { key: given ? hexStrings(given) : null, next_key: hexStrings(next) },
  }
}

function remove(context: ToolContext, args: Arguments): Output {
  const map = oneMap(context.machine, args)
  const { key } = elementArguments(map, args, { key: true, value: false })
  const errno = context.machine.mapDelete(map.id, key)
  if (errno) fail(`delete failed: ${errnoText(errno)}`, -errno)
  return NOTHING
}

function pin(context: ToolContext, args: Arguments): Output {
  pinAt(context.machine, 'map', oneMap(context.machine, args).id, args)
  return NOTHING
}

function peek(context: ToolContext, args: Arguments): Output {
  const map = oneMap(context.machine, args)
  const { errno, value } = context.machine.mapLookup(map.id, new Uint8Array(0))
  if (!value) fail(`lookup failed: ${errnoText(errno)}`, -errno)
  return { text: `value: ${hexRows(value).join('\n')}\n`, json: { value: hexStrings(value) } }
}

function pop(context: ToolContext, args: Arguments): Output {
  const map = oneMap(context.machine, args)
  const result = map.host instanceof QueueMap ? map.host.hostPop() : { errno: -ERRNO.EINVAL, value: undefined }
  if (!result.value)
    return result.errno === -ERRNO.ENOENT
      ? { text: 'Error: empty map\n', json: null, code: 0 }
      : fail(`pop failed: ${errnoText(result.errno)}`, -result.errno)
  return { text: `value: ${hexRows(result.value).join('\n')}\n`, json: { value: hexStrings(result.value) } }
}

function freeze(context: ToolContext, args: Arguments): Output {
  const map = oneMap(context.machine, args)
  if (map.frozen) fail(`failed to freeze map: ${errnoText(ERRNO.EBUSY)}`, ERRNO.EBUSY)
  map.frozen = true
  return NOTHING
}

function create(context: ToolContext, args: Arguments): Output {
  const { machine } = context
  const path = args.next() ?? fail(`'create' needs at least 7 arguments, 0 found`)
  let type = ''
  let name = ''
  const sizes = { key: 0, value: 0, entries: 0, flags: 0 }
  let ifindex: number | undefined
  while (args.left > 0) {
    if (args.take('type')) {
      type = args.next() ?? ''
      if (own(MAP_TYPE_NUMBERS, type) === undefined) fail(`unrecognized map type: ${type}`)
    } else if (args.take('name')) name = args.next() ?? ''
    else if (args.take('key')) sizes.key = Number(args.next())
    else if (args.take('value')) sizes.value = Number(args.next())
    else if (args.take('entries')) sizes.entries = Number(args.next())
    else if (args.take('flags')) sizes.flags = Number(args.next())
    else if (args.take('dev') || args.take('offload_dev')) {
      const device = args.next() ?? ''
      ifindex = machine.netdev(device)?.ifindex ?? fail(`unrecognized netdevice '${device}': No such device`)
    } else fail(`unknown arg ${args.peek()}`)
  }
  if (name === '') fail('map name not specified')
  const made = machine.createMap(
    {
      name: name.slice(0, 15),
      type,
      key_size: sizes.key || 0,
      value_size: sizes.value || 0,
      max_entries: sizes.entries || 0,
      map_flags: sizes.flags || 0,
    },
    ifindex,
  )
  if (!made.ok) return fail(`map create failed: ${errnoText(made.errno)}`, made.errno)
  const errno = machine.pin(path, 'map', made.map.id)
  machine.close('map', made.map.id)
  if (errno) fail(`can't pin the object (${path}): ${errnoText(errno)}`, -errno)
  return NOTHING
}

function eventPipe(context: ToolContext, args: Arguments): Output {
  const { machine } = context
  const map = oneMap(machine, args)
  if (map.attributes.type !== 'perf_event_array') fail('map is not a perf event array')
  // Reading opens the rings the first time: what came before had no reader.
  if (!machine.hasReaders(map.id)) machine.openEvents(map.id)
  let text = ''
  const json: Json[] = []
  for (const sample of machine.events(map.id)) {
    const size = ((4 + sample.data.length + sample.packet.length + 7) & ~7) - 4
    const bytes = new Uint8Array(size)
    bytes.set(sample.data)
    bytes.set(sample.packet, sample.data.length)
    const whole = Math.floor(sample.time)
    text += `== @${Math.floor(whole / 1e9)}.${String(whole % 1e9).padStart(9, '0')} CPU: ${sample.cpu} index: ${sample.cpu} =====\n${hexRows(bytes).join('\n')}\n`
    json.push({ type: 9, cpu: sample.cpu, index: sample.cpu, timestamp: whole, data: hexStrings(bytes) })
  }
  return { text, json }
}
