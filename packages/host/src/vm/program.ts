/** A program made ready to run: its fields in flat arrays, jump targets absolute, map references resolved to addresses. */
import type { MapReloc } from '@offload/bpf'
import { POINTER_HIGH } from './memory'

/** What a map must offer so that a program can refer to it. */
export interface MapHandle {
  /** Address of the handle that a map pointer points at. */
  readonly handle: number
  /** Address of the value, for maps with direct values (an array of one entry). */
  readonly directValue?: number
}

export interface VmProgram {
  readonly length: number
  readonly opcode: Uint8Array
  /** Register numbers times two: index of the low half. */
  readonly dst: Uint8Array
  readonly src: Uint8Array
  readonly off: Int16Array
  readonly imm: Int32Array
  /** Second half of an ld_imm64 (else 0), or the absolute target of a jump or call. */
  readonly extra: Int32Array
  /** Resolved low half of an ld_imm64. */
  readonly value: Int32Array
  /** The encoding, as loaded. */
  readonly insns: Uint8Array
}

/** Value that an ld_imm64 of a function has: high half, and the instruction as low half. */
export const FUNCTION_HIGH = 0xffffffff | 0

export interface UnresolvedMap {
  readonly insn: number
  readonly message: string
}

/**
 * Decodes `insns` (8 bytes each; a last partial one is left out). `maps[r.map]` answers the relocation `r`; an
 * ld_imm64 that names a map which is not there is reported.
 */
export function decodeProgram(
  insns: Uint8Array,
  relocs: readonly MapReloc[],
  maps: readonly MapHandle[],
): { readonly program: VmProgram; readonly unresolved: readonly UnresolvedMap[] } {
  const length = insns.length >> 3
  const view = new DataView(insns.buffer, insns.byteOffset, insns.length)
  const program: VmProgram = {
    length,
    opcode: new Uint8Array(length),
    dst: new Uint8Array(length),
    src: new Uint8Array(length),
    off: new Int16Array(length),
    imm: new Int32Array(length),
    extra: new Int32Array(length),
    value: new Int32Array(length),
    insns,
  }
  const mapAt = new Map(relocs.map((reloc) => [reloc.insn, reloc.map]))
  const unresolved: UnresolvedMap[] = []
  for (let i = 0; i < length; i++) {
    const opcode = view.getUint8(i * 8)
    const registers = view.getUint8(i * 8 + 1)
    const off = view.getInt16(i * 8 + 2, true)
    const imm = view.getInt32(i * 8 + 4, true)
    const src = registers >> 4
    program.opcode[i] = opcode
    program.dst[i] = (registers & 15) * 2
    program.src[i] = src * 2
    program.off[i] = off
    program.imm[i] = imm
    const kind = opcode & 7
    if (opcode === 0x85 || opcode === 0x06) program.extra[i] = i + 1 + imm
    else if (kind === 5 || kind === 6) program.extra[i] = i + 1 + off
    else if (opcode === 0x18) {
      const next = i + 1 < length ? view.getInt32(i * 8 + 12, true) : 0
      program.value[i] = imm
      program.extra[i] = next
      if (src === 4) {
        program.value[i] = i + 1 + imm
        program.extra[i] = FUNCTION_HIGH
      } else if (src !== 0) {
        const number = mapAt.get(i)
        const map = number === undefined ? undefined : maps[number]
        const address =
          src === 1 ? map?.handle : src === 2 && map?.directValue !== undefined ? map.directValue + next : undefined
        if (address === undefined)
          unresolved.push({ insn: i, message: map ? 'map has no direct value' : 'no such map' })
        program.value[i] = address ?? 0
        program.extra[i] = address === undefined ? 0 : POINTER_HIGH
      }
      // The second slot is not an instruction.
      i++
    }
  }
  return { program, unresolved }
}
