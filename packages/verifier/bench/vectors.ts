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
  readonly prog_flags?: number
  readonly btf?: string
  readonly func_info?: string
  readonly verdict?: string
  readonly processed_insns?: number
}

const bytes = (hex: string): Uint8Array => Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))

export function requestOf(v: Recorded): VerifyRequest {
  return {
    progType: v.prog_type,
    insns: bytes(v.insns),
    maps: v.maps ?? [],
    relocs: v.relocs ?? [],
    progFlags: v.prog_flags ?? 0,
    ...(v.btf === undefined ? {} : { btf: bytes(v.btf) }),
    ...(v.func_info === undefined ? {} : { funcInfo: bytes(v.func_info) }),
  }
}

export function recordedPrograms(): Recorded[] {
  const dir = vectorsDir('verifier')
  return dir === undefined ? [] : jsonlFiles(dir).flatMap((file) => readJsonl<Recorded>(file))
}
