/** Handles of bpftool: `id N`, `tag HEX`, `name NAME`, `pinned PATH` (tool-formats.md, sections 1 and 7). */
import type { Machine } from '../machine/machine'
import type { BpfMap, BpfProgram } from '../machine/objects'
import { ERRNO } from '../errno'
import { fail } from './bpftool'
import { ToolExit } from './result'
import type { Arguments } from './result'

/** Words of a handle that `show` may have, or none: two, else the real tool asks what the first is. */
export function hasHandle(args: Arguments): boolean {
  if (args.left !== 0 && args.left !== 2) fail(`what is '${args.peek()}'?`)
  return args.left === 2
}

function parseId(args: Arguments): number {
  const word = args.next()
  if (word === undefined) fail(`what is 'id'?`)
  if (!/^(0x[0-9a-f]+|\d+)$/i.test(word)) fail(`can't parse ${word} as ID`)
  return Number(word)
}

/** Programs that the next words name: one, or several with the same name or tag. */
export function programHandles(machine: Machine, args: Arguments): BpfProgram[] {
  if (args.take('id')) {
    const id = parseId(args)
    const program = machine.programs.get(id)
    return program ? [program] : fail(`get by id (${id}): No such file or directory`, ERRNO.ENOENT)
  }
  if (args.take('tag')) {
    const tag = args.next() ?? ''
    if (!/^[0-9a-f]{16}$/i.test(tag)) fail(`can't parse tag`)
    return some(machine.programs.list().filter((program) => program.tag === tag.toLowerCase()))
  }
  if (args.take('name')) {
    const name = args.next() ?? ''
    if (name.length > 15) fail(`can't parse name`)
    return some(machine.programs.list().filter((program) => program.name === name))
  }
  if (args.take('pinned')) return [pinned(machine, args, 'program') as BpfProgram]
  return fail(`expected 'id', 'tag', 'name' or 'pinned', got: '${args.peek() ?? ''}'?`)
}

export function mapHandles(machine: Machine, args: Arguments): BpfMap[] {
  if (args.take('id')) {
    const id = parseId(args)
    const map = machine.maps.get(id)
    return map ? [map] : fail(`get map by id (${id}): No such file or directory`, ERRNO.ENOENT)
  }
  if (args.take('name')) {
    const name = args.next() ?? ''
    if (name.length > 15) fail(`can't parse name`)
    return some(machine.maps.list().filter((map) => map.name === name))
  }
  if (args.take('pinned')) return [pinned(machine, args, 'map') as BpfMap]
  return fail(`expected 'id', 'name' or 'pinned', got: '${args.peek() ?? ''}'?`)
}

export function oneProgram(machine: Machine, args: Arguments): BpfProgram {
  const found = programHandles(machine, args)
  return found.length === 1 ? found[0]! : fail('several programs match this handle')
}

export function oneMap(machine: Machine, args: Arguments): BpfMap {
  const found = mapHandles(machine, args)
  return found.length === 1 ? found[0]! : fail('several maps match this handle')
}

/** A name or tag that nothing has ends the command without a word. */
function some<T>(found: T[]): T[] {
  if (found.length === 0) throw new ToolExit('', 255)
  return found
}

function pinned(machine: Machine, args: Arguments, kind: 'program' | 'map'): BpfProgram | BpfMap {
  const path = args.next() ?? ''
  const pin = machine.pins.get(path)
  const object =
    pin?.kind === kind ? (kind === 'program' ? machine.programs.get(pin.id) : machine.maps.get(pin.id)) : undefined
  if (!pin) return fail(`bpf obj get (${path}): No such file or directory`, ERRNO.ENOENT)
  return object ?? fail(`incorrect object type: ${pin.kind}`)
}

/** Paths where an object is pinned. */
export function pinsOf(machine: Machine, kind: 'program' | 'map', id: number): string[] {
  return [...machine.pins].filter(([, pin]) => pin.kind === kind && pin.id === id).map(([path]) => path)
}
