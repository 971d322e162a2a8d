/**
 * The recorded programs as questions, for the verifier and for the kernel.
 */
import type { VerifyRequest } from '@offload/verifier'
import { jsonlFiles, readJsonl, vectorsDir } from '../../tooling/vectors'

export interface Recorded {
  readonly id: string
  readonly topic: string
  readonly prog_type: VerifyRequest['progType']
  readonly insns: string
  readonly maps?: VerifyRequest['maps']
  readonly relocs?: VerifyRequest['relocs']
  /** A number, or the names of the flags. */
  readonly prog_flags?: number | readonly string[]
  readonly btf?: string
  readonly func_info?: string
  readonly verdict?: string
  readonly processed_insns?: number
}

const bytes = (hex: string): Uint8Array => Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))

const FLAGS: Readonly<Record<string, number>> = { strict_alignment: 1, any_alignment: 2, test_state_freq: 8 }
const flagsOf = (flags: number | readonly string[]): number =>
  typeof flags === 'number' ? flags : flags.reduce((sum, name) => sum | (FLAGS[name] ?? 0), 0)

export function requestOf(v: Recorded): VerifyRequest {
  return {
    progType: v.prog_type,
    insns: bytes(v.insns),
    maps: v.maps ?? [],
    relocs: v.relocs ?? [],
    progFlags: flagsOf(v.prog_flags ?? 0),
    ...(v.btf === undefined ? {} : { btf: bytes(v.btf) }),
    ...(v.func_info === undefined ? {} : { funcInfo: bytes(v.func_info) }),
  }
}

export function recordedPrograms(): Recorded[] {
  const dir = vectorsDir('verifier')
  return dir === undefined ? [] : jsonlFiles(dir).flatMap((file) => readJsonl<Recorded>(file))
}
