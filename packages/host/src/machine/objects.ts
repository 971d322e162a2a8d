/**
 * Programs and maps as the kernel keeps them: with ids, names, tags and reference counts. An object goes when nobody holds
 * it any more: no file descriptor, no pin, no attachment, no program.
 */
import type { MapDef, Program, ProgType, CLine } from '@offload/bpf'
import type { DeviceLoadResult, NfpImage } from '@offload/nfp-jit'
import type { KernelVersion, VerifyResult } from '@offload/verifier'
import type { DeviceMap } from '../device/device-map'
import { sha1, sha256 } from '../digest'
import type { HostMap, MapAttributes } from '../maps/map'
import type { VmProgram } from '../vm/program'
import type { FastProgram } from '../wasm/fast-program'

/** Who holds an object. */
export interface References {
  fds: number
  pins: number
  /** Attachments (of programs), programs (of maps), slots of program arrays. */
  users: number
}

export interface BpfProgram {
  readonly id: number
  readonly name: string
  readonly type: ProgType
  /** 16 hex digits. */
  readonly tag: string
  readonly gpl: boolean
  readonly definition: Program
  /** Ids of the maps it refers to, in the order of the definition. */
  readonly mapIds: readonly number[]
  /** Nanoseconds of machine time. */
  readonly loadedAt: number
  readonly verify: VerifyResult
  /** Loaded for a device: interface that it was loaded for. */
  readonly ifindex?: number
  readonly image?: NfpImage
  readonly device?: DeviceLoadResult
  /** Loaded for the host. */
  readonly vm?: VmProgram
  /** The same, translated; absent where the interpreter is asked for. */
  readonly fast?: FastProgram
  readonly types?: ProgramTypes
  readonly refs: References
  runs: number
  instructions: number
}

export interface BpfMap {
  readonly id: number
  readonly name: string
  readonly attributes: MapAttributes
  readonly definition: MapDef
  /** One of the two is there. */
  readonly host?: HostMap
  readonly table?: DeviceMap
  /** Interface of an offloaded map. */
  readonly ifindex?: number
  /** Types of its object file; maps of a card have none. */
  readonly btf?: BtfObject
  readonly refs: References
  frozen: boolean
  /** prog_array: kind of the programs that use it, fixed by the first. */
  owner?: { readonly type: ProgType; readonly jited: boolean }
}

/** Types loaded by BPF_BTF_LOAD; programs and maps of one object file share one. */
export interface BtfObject {
  readonly id: number
  readonly bytes: Uint8Array
  readonly refs: References
}

/** What a program's object file said of it. */
export interface ProgramTypes {
  readonly btf: BtfObject
  readonly funcInfo: readonly { readonly insn: number; readonly type: number }[]
  readonly source: readonly CLine[]
}

const GPL = ['GPL', 'GPL v2', 'GPL and additional rights', 'Dual BSD/GPL', 'Dual MIT/GPL', 'Dual MPL/GPL']

export function isGplCompatible(license: string): boolean {
  return GPL.includes(license)
}

/**
 * The program's tag: a hash over its instructions with map references cleared; SHA-256 on 6.18, SHA-1 before
 * (object-formats.md, section 9.1).
 */
export function programTag(insns: Uint8Array, kernel: KernelVersion = '6.18'): string {
  const bytes = insns.slice()
  for (let at = 0; at + 16 <= bytes.length; at += 8) {
    if (bytes[at] !== 0x18) continue
    const src = bytes[at + 1]! >> 4
    if (src === 1 || src === 2) {
      bytes.fill(0, at + 4, at + 8)
      bytes.fill(0, at + 12, at + 16)
    }
    at += 8
  }
  const digest = kernel === '6.18' ? sha256(bytes) : sha1(bytes)
  return Array.from(digest.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Programs or maps by id, ids given in ascending order and never twice. */
export class ObjectTable<T extends { readonly id: number; readonly refs: References }> {
  private readonly byId = new Map<number, T>()
  private next = 1
  private readonly destroy: (object: T) => void

  constructor(destroy: (object: T) => void) {
    this.destroy = destroy
  }

  /** Id that the next object gets. */
  nextId(): number {
    return this.next
  }

  add(make: (id: number) => T): T {
    const object = make(this.next++)
    this.byId.set(object.id, object)
    return object
  }

  get(id: number): T | undefined {
    return this.byId.get(id)
  }

  /** In ascending order of id. */
  list(): T[] {
    return [...this.byId.values()].sort((a, b) => a.id - b.id)
  }

  /** Takes one reference away; the object goes with its last. */
  put(object: T, kind: keyof References): void {
    object.refs[kind]--
    const { fds, pins, users } = object.refs
    if (fds + pins + users > 0 || !this.byId.delete(object.id)) return
    this.destroy(object)
  }
}
