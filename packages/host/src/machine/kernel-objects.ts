/**
 * The bpf() system call's objects: maps and programs with their file descriptors, pins and elements. Maps of a card are
 * operated through the driver. The loader, the hooks and traffic are in machine.ts, which builds on this.
 */
import type { MapDef } from '@offload/bpf'
import type { Chip } from '@offload/nfp-chip'
import type { KernelVersion } from '@offload/verifier'
import { NfpDevice } from '../device/nfp-device'
import { ERRNO, errnoText } from '../errno'
import { checkMapAttributes, createHostMap, freeHostMap, mapAttributes, mapTypeName } from '../maps/create'
import type { LookupResult } from '../maps/map'
import { SlotMap } from '../maps/slot-map'
import type { Vm } from '../vm/vm'
import type { Netdev } from './netdev'
import type { ObjectFile } from './object-file'
import { ObjectTable } from './objects'
import type { BpfMap, BpfProgram, BtfObject } from './objects'
import { SyscallLog } from './syscall-log'
import type { XskSocket } from './xsk'

export interface MapEntry {
  readonly key: Uint8Array
  readonly value: Uint8Array
}

export type CreateMapResult =
  | { readonly ok: true; readonly map: BpfMap }
  | { readonly ok: false; readonly errno: number; readonly error: string }

export abstract class KernelObjects {
  readonly device: NfpDevice
  readonly kernel: KernelVersion
  readonly cpus: number
  abstract readonly vm: Vm
  abstract readonly netdevs: readonly Netdev[]
  readonly syscalls = new SyscallLog()
  /** Paths below /sys/fs/bpf. */
  readonly pins = new Map<string, { readonly kind: 'program' | 'map'; readonly id: number }>()
  /** Object files that the loaders find, by name. */
  readonly files = new Map<string, ObjectFile>()
  /** Text files that the console has written, by name. */
  readonly texts = new Map<string, string>()
  readonly programs: ObjectTable<BpfProgram>
  readonly maps: ObjectTable<BpfMap>
  readonly btfs: ObjectTable<BtfObject>
  /** AF_XDP sockets by number. */
  readonly sockets = new Map<number, XskSocket>()

  constructor(device: NfpDevice, kernel: KernelVersion, cpus: number) {
    this.device = device
    this.kernel = kernel
    this.cpus = cpus
    this.programs = new ObjectTable((program) => this.destroyProgram(program))
    this.maps = new ObjectTable((map) => this.destroyMap(map))
    this.btfs = new ObjectTable(() => {})
  }

  get chip(): Chip {
    return this.device.chip
  }

  /** Nanoseconds since the machine started. */
  abstract get now(): number

  netdev(nameOrIndex: string | number): Netdev | undefined {
    return this.netdevs.find((netdev) => netdev.name === nameOrIndex || netdev.ifindex === nameOrIndex)
  }

  /** BPF_MAP_CREATE, on the card when `ifindex` is given. The map is held by one file descriptor. */
  createMap(definition: MapDef, ifindex?: number, btf?: BtfObject): CreateMapResult {
    const attributes = mapAttributes(definition)
    const log = (errno: number): void =>
      this.syscalls.add(
        this.now,
        'BPF_MAP_CREATE',
        {
          map_type: attributes.type,
          key_size: attributes.keySize,
          value_size: attributes.valueSize,
          max_entries: attributes.maxEntries,
          map_flags: attributes.flags,
          map_name: attributes.name,
          ...(ifindex !== undefined && { map_ifindex: ifindex }),
        },
        errno,
        errno ? undefined : this.maps.nextId(),
      )
    const refuse = (errno: number, text = ''): { ok: false; errno: number; error: string } => {
      log(errno)
      return { ok: false, errno, error: text || errnoText(errno) }
    }
    let parts: Pick<BpfMap, 'host'> | Pick<BpfMap, 'table' | 'ifindex'>
    if (ifindex === undefined) {
      const made = createHostMap(this.vm, attributes)
      if (!made.ok) return refuse(made.errno)
      parts = { host: made.map }
    } else {
      const errno = checkMapAttributes(attributes)
      if (errno) return refuse(errno)
      // Only these two kinds have an offloaded form.
      if (attributes.type !== 'array' && attributes.type !== 'hash') return refuse(ERRNO.EINVAL)
      if (!this.netdev(ifindex)) return refuse(ERRNO.EINVAL)
      const made = this.device.allocMap(attributes, { ...definition, type: mapTypeName(definition.type) })
      if (!('map' in made)) return refuse(-made.errno, made.text)
      parts = { table: made.map, ifindex }
    }
    log(0)
    // Types reach the kernel only with maps of the host that have some (nfp-offload.md, section 4, row 16).
    const types = ifindex === undefined && definition.value ? btf : undefined
    const map = this.maps.add((id) => ({
      id,
      name: attributes.name,
      attributes,
      definition,
      frozen: false,
      refs: { fds: 1, pins: 0, users: 0 },
      ...parts,
      ...(types && { btf: types }),
    }))
    if (types) types.refs.users++
    return { ok: true, map }
  }

  /** Closes the file descriptor of a program or map. */
  close(kind: 'program' | 'map', id: number): void {
    const table = kind === 'program' ? this.programs : this.maps
    const object = table.get(id)
    if (!object || object.refs.fds === 0) return
    if (kind === 'program') this.programs.put(object as BpfProgram, 'fds')
    else this.maps.put(object as BpfMap, 'fds')
  }

  pin(path: string, kind: 'program' | 'map', id: number): number {
    const object = kind === 'program' ? this.programs.get(id) : this.maps.get(id)
    const errno = this.pins.has(path) ? -ERRNO.EEXIST : object ? 0 : -ERRNO.ENOENT
    this.syscalls.add(this.now, 'BPF_OBJ_PIN', { pathname: path, bpf_fd: id }, errno)
    if (errno || !object) return errno
    object.refs.pins++
    this.pins.set(path, { kind, id })
    return 0
  }

  unpin(path: string): number {
    const pin = this.pins.get(path)
    if (!pin) return -ERRNO.ENOENT
    this.pins.delete(path)
    if (pin.kind === 'program') this.programs.put(this.programs.get(pin.id)!, 'pins')
    else this.maps.put(this.maps.get(pin.id)!, 'pins')
    return 0
  }

  private destroyProgram(program: BpfProgram): void {
    if (program.image) this.device.noteDestroy(program.id)
    if (program.types) this.btfs.put(program.types.btf, 'users')
    for (const id of program.mapIds) {
      const map = this.maps.get(id)
      if (map) this.maps.put(map, 'users')
    }
  }

  private destroyMap(map: BpfMap): void {
    this.forgetMap(map.id)
    if (map.table) this.device.freeMap(map.table)
    if (map.host) freeHostMap(this.vm, map.host)
    if (map.btf) this.btfs.put(map.btf, 'users')
  }

  /** A map has gone: whoever keeps something about it drops it. */
  protected abstract forgetMap(id: number): void

  mapLookup(id: number, key: Uint8Array): LookupResult {
    const map = this.maps.get(id)
    if (!map) return { errno: -ERRNO.EBADF }
    const result = map.table ? map.table.lookup(key) : map.host!.hostLookup(key)
    this.logElement('BPF_MAP_LOOKUP_ELEM', id, result.errno)
    return result
  }

  /** Flags 0 any, 1 must not exist, 2 must exist. Returns 0 or a negative errno. */
  mapUpdate(id: number, key: Uint8Array, value: Uint8Array, flags = 0): number {
    const map = this.maps.get(id)
    if (!map) return -ERRNO.EBADF
    const errno = map.frozen
      ? -ERRNO.EPERM
      : map.table
        ? map.table.update(key, value, flags)
        : this.updateHost(map, key, value, flags)
    this.logElement('BPF_MAP_UPDATE_ELEM', id, errno)
    return errno
  }

  /** Slots that name programs or maps take the object itself along. */
  private updateHost(map: BpfMap, key: Uint8Array, value: Uint8Array, flags: number): number {
    const host = map.host!
    if (!(host instanceof SlotMap)) return host.hostUpdate(key, value, flags)
    const named = new DataView(value.buffer, value.byteOffset, value.length).getUint32(0, true)
    if (map.attributes.type === 'prog_array') {
      const program = this.programs.get(named)
      return program?.vm ? host.set(key, { value: value.slice(), program: program.vm }, flags) : -ERRNO.EBADF
    }
    if (map.attributes.type === 'array_of_maps' || map.attributes.type === 'hash_of_maps') {
      const inner = this.maps.get(named)?.host
      return inner ? host.set(key, { value: value.slice(), map: inner }, flags) : -ERRNO.EBADF
    }
    if (map.attributes.type.startsWith('devmap') && named !== 0 && !this.netdev(named)) return -ERRNO.EINVAL
    if (map.attributes.type === 'xskmap' && !this.sockets.has(named)) return -ERRNO.ENOTSOCK
    return host.hostUpdate(key, value, flags)
  }

  mapDelete(id: number, key: Uint8Array): number {
    const map = this.maps.get(id)
    if (!map) return -ERRNO.EBADF
    const errno = map.table ? map.table.delete(key) : map.host!.hostDelete(key)
    this.logElement('BPF_MAP_DELETE_ELEM', id, errno)
    return errno
  }

  /** The key after `key` (the first for undefined); undefined at the end. */
  mapNextKey(id: number, key?: Uint8Array): Uint8Array | undefined {
    const map = this.maps.get(id)
    const next = map?.table ? map.table.nextKey(key).key : map?.host?.nextKey(key)
    this.logElement('BPF_MAP_GET_NEXT_KEY', id, next ? 0 : -ERRNO.ENOENT)
    return next
  }

  /** Entries in the order that next-key gives, at most `limit`. */
  mapDump(id: number, limit = Number.POSITIVE_INFINITY): MapEntry[] {
    const entries: MapEntry[] = []
    for (let key = this.mapNextKey(id); key && entries.length < limit; key = this.mapNextKey(id, key)) {
      const { value } = this.mapLookup(id, key)
      if (value) entries.push({ key, value })
    }
    return entries
  }

  private logElement(command: string, id: number, errno: number): void {
    this.syscalls.add(this.now, command, { map_id: id }, errno)
  }

  /** Nothing is left when a well-behaved loader has ended; what is still held is listed here. */
  leaks(): readonly string[] {
    const held = (
      kind: string,
      object: { readonly id: number; readonly name: string; readonly refs: BpfMap['refs'] },
    ): string =>
      `${kind} ${object.id} ${object.name}: ${object.refs.fds} open descriptors, ${object.refs.pins} pins, ${object.refs.users} users`
    return [
      ...this.programs.list().map((program) => held('program', program)),
      ...this.maps.list().map((map) => held('map', map)),
    ]
  }
}
