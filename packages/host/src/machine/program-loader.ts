/**
 * Loading a program: its maps first, then the program, for the host or for the card, in the kernel's order. Follows
 * nfp-offload.md, section 2. Hooks and traffic are in machine.ts.
 */
import type { Program } from '@offload/bpf'
import { isNeutralMap, loadForDevice } from '@offload/nfp-jit'
import type { DeviceLoadResult, PassSwitches } from '@offload/nfp-jit'
import { verify } from '@offload/verifier'
import type { VerifyResult } from '@offload/verifier'
import { ERRNO, errnoText } from '../errno'
import { loadProgram } from '../vm/run'
import { createFastProgram } from '../wasm/fast-program'
import { KernelObjects } from './kernel-objects'
import type { Netdev } from './netdev'
import { isGplCompatible, programTag } from './objects'
import type { BpfMap, BpfProgram, BtfObject, ProgramTypes } from './objects'

export interface LoadOptions {
  /** For the card (default: for the host). */
  readonly offload?: boolean
  /** Interface that it is loaded for; default the first port's. */
  readonly ifindex?: number
  readonly logLevel?: number
  /** Record the verifier's steps. */
  readonly record?: boolean
  readonly cancelled?: () => boolean
  /** Optimisation passes of the driver to leave out. */
  readonly passes?: PassSwitches
  /** Maps that exist already, by name: used in place of new ones. */
  readonly reuse?: Readonly<Record<string, number>>
  /** Types and source lines from the object file. */
  readonly object?: {
    readonly btf: Uint8Array
    readonly funcInfo: ProgramTypes['funcInfo']
    readonly source: ProgramTypes['source']
  }
}

export type LoadResult =
  | {
      readonly ok: true
      readonly program: BpfProgram
      readonly maps: readonly BpfMap[]
      readonly verify: VerifyResult
      readonly device?: DeviceLoadResult
    }
  | {
      readonly ok: false
      readonly stage: 'map_create' | 'prog_load'
      /** Positive. */
      readonly errno: number
      /** What kernel or driver said last; the C library's text where they said nothing. */
      readonly error: string
      /** Name of the map that was refused. */
      readonly map?: string
      readonly verify?: VerifyResult
      readonly device?: DeviceLoadResult
    }

type GiveUp = (failure: Omit<Extract<LoadResult, { ok: false }>, 'ok'>) => LoadResult

export abstract class ProgramLoader extends KernelObjects {
  /** Host programs are not translated. */
  protected abstract readonly interpretOnly: boolean

  /**
   * What a loader does: creates the program's maps, then loads it. On success program and maps are held by one file
   * descriptor each (`close` gives them back); on failure nothing stays.
   */
  load(program: Program, options: LoadOptions = {}): LoadResult {
    const netdev = options.offload ? this.netdev(options.ifindex ?? this.netdevs[0]!.ifindex) : undefined
    const maps: BpfMap[] = []
    const giveUp = (failure: Omit<Extract<LoadResult, { ok: false }>, 'ok'>): LoadResult => {
      for (const map of maps) this.maps.put(map, 'fds')
      return { ok: false, ...failure }
    }
    if (options.offload && !netdev)
      return giveUp({ stage: 'prog_load', errno: ERRNO.EINVAL, error: errnoText(ERRNO.EINVAL) })
    const btf =
      options.object && this.btfs.add((id) => ({ id, bytes: options.object!.btf, refs: { fds: 1, pins: 0, users: 0 } }))
    try {
      return this.loadWith(program, options, netdev, btf, maps, giveUp)
    } finally {
      // The loader closes it at the end; programs and maps that use it keep it.
      if (btf) this.btfs.put(btf, 'fds')
    }
  }

  private loadWith(
    program: Program,
    options: LoadOptions,
    netdev: Netdev | undefined,
    btf: BtfObject | undefined,
    maps: BpfMap[],
    giveUp: GiveUp,
  ): LoadResult {
    for (const [index, definition] of program.maps.entries()) {
      const existing = definition.name === undefined ? undefined : options.reuse?.[definition.name]
      const reused = existing === undefined ? undefined : this.maps.get(existing)
      if (reused) {
        reused.refs.fds++
        maps.push(reused)
        continue
      }
      const made = this.createMap(definition, isNeutralMap(definition) ? undefined : netdev?.ifindex, btf)
      if (!made.ok)
        return giveUp({
          stage: 'map_create',
          errno: made.errno,
          error: made.error,
          map: definition.name ?? String(index),
        })
      maps.push(made.map)
    }
    this.fillMaps(program, maps)
    const types = btf && { types: { btf, funcInfo: options.object!.funcInfo, source: options.object!.source } }
    return netdev
      ? this.loadOnDevice(program, maps, netdev, options, giveUp)
      : this.loadOnHost(program, maps, options, giveUp, types ?? {})
  }

  /** First contents of maps that stand for data sections. */
  private fillMaps(program: Program, maps: readonly BpfMap[]): void {
    for (const { map, data, frozen } of program.contents ?? []) {
      const target = maps[map]
      if (!target) continue
      const value = new Uint8Array(target.attributes.valueSize)
      value.set(data.subarray(0, value.length))
      this.mapUpdate(target.id, new Uint8Array(4), value)
      if (frozen) target.frozen = true
    }
  }

  private loadOnHost(
    program: Program,
    maps: readonly BpfMap[],
    options: LoadOptions,
    giveUp: GiveUp,
    types: Partial<Pick<BpfProgram, 'types'>>,
  ): LoadResult {
    const { object } = options
    const result = verify({
      ...this.request(program, options),
      logLevel: options.logLevel ?? 1,
      ...(object && { btf: object.btf, funcInfo: funcInfoBytes(object.funcInfo) }),
    })
    const foreign = maps.some((map) => map.table !== undefined)
    const errno = foreign ? ERRNO.EINVAL : result.verdict === 'accept' ? 0 : result.errno || ERRNO.EINVAL
    this.logLoad(program, undefined, errno)
    if (errno)
      return giveUp({
        stage: 'prog_load',
        errno,
        error: foreign ? 'offload device mismatch between prog and map' : result.error || errnoText(errno),
        verify: result,
      })
    const vm = loadProgram(
      program.insns,
      program.relocs,
      maps.map((map) => map.host!),
    )
    const fast = this.interpretOnly ? undefined : createFastProgram(this.vm, vm, program.progType)
    return {
      ok: true,
      program: this.addProgram(program, maps, { verify: result, vm, ...(fast && { fast }), ...types }),
      maps,
      verify: result,
    }
  }

  private loadOnDevice(
    program: Program,
    maps: readonly BpfMap[],
    netdev: Netdev,
    options: LoadOptions,
    giveUp: GiveUp,
  ): LoadResult {
    const request = this.request(program, options)
    const device = loadForDevice({
      ...request,
      maps: program.maps.map((definition, index) => {
        const map = maps[index]!
        return {
          ...definition,
          ...(map.table ? { uses: map.table.uses } : isNeutralMap(definition) ? {} : { host: true }),
        }
      }),
      mapIds: maps.map((map) => map.table?.id ?? map.id),
      firmware: this.device.firmware,
      port: netdev.port,
      license: program.license,
      ...(options.passes && { passes: options.passes }),
    })
    this.device.noteLoad(device)
    const errno = device.verdict === 'ok' ? 0 : device.errno || ERRNO.EINVAL
    this.logLoad(program, netdev.ifindex, errno)
    if (device.verdict !== 'ok' || !device.image) {
      return giveUp({
        stage: 'prog_load',
        errno,
        error: device.error || errnoText(errno),
        verify: device.verify,
        device,
      })
    }
    const added = this.addProgram(program, maps, {
      verify: device.verify,
      device,
      image: device.image,
      ifindex: netdev.ifindex,
    })
    return { ok: true, program: added, maps, verify: device.verify, device }
  }

  private request(program: Program, options: LoadOptions) {
    return {
      progType: program.progType,
      insns: program.insns,
      maps: program.maps,
      relocs: program.relocs,
      license: program.license,
      kernel: this.kernel,
      ...(options.logLevel !== undefined && { logLevel: options.logLevel }),
      ...(options.record !== undefined && { record: options.record }),
      ...(options.cancelled && { cancelled: options.cancelled }),
    }
  }

  private addProgram(
    definition: Program,
    maps: readonly BpfMap[],
    parts: Pick<BpfProgram, 'verify'> &
      Partial<Pick<BpfProgram, 'vm' | 'fast' | 'image' | 'device' | 'ifindex' | 'types'>>,
  ): BpfProgram {
    const used = new Set(definition.relocs.map((reloc) => reloc.map))
    const mapIds = maps.filter((_, index) => used.has(index)).map((map) => map.id)
    for (const id of mapIds) this.maps.get(id)!.refs.users++
    if (parts.types) parts.types.btf.refs.users++
    for (const map of maps)
      if (map.attributes.type === 'prog_array') map.owner ??= { type: definition.progType, jited: true }
    return this.programs.add((id) => ({
      id,
      name: definition.name.slice(0, 15),
      type: definition.progType,
      tag: programTag(definition.insns, this.kernel),
      gpl: isGplCompatible(definition.license),
      definition,
      mapIds,
      loadedAt: this.now,
      ...parts,
      refs: { fds: 1, pins: 0, users: 0 },
      runs: 0,
      instructions: 0,
    }))
  }

  private logLoad(program: Program, ifindex: number | undefined, errno: number): void {
    this.syscalls.add(
      this.now,
      'BPF_PROG_LOAD',
      {
        prog_type: program.progType,
        insn_cnt: program.insns.length / 8,
        license: program.license,
        prog_name: program.name.slice(0, 15),
        ...(ifindex !== undefined && { prog_ifindex: ifindex }),
      },
      errno,
      errno ? undefined : this.programs.nextId(),
    )
  }
}

/** Records of 8 bytes: instruction, type id. */
function funcInfoBytes(info: ProgramTypes['funcInfo']): Uint8Array {
  const bytes = new Uint8Array(info.length * 8)
  const view = new DataView(bytes.buffer)
  info.forEach((one, i) => {
    view.setUint32(i * 8, one.insn, true)
    view.setUint32(i * 8 + 4, one.type, true)
  })
  return bytes
}
