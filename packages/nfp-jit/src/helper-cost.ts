/**
 * What a helper call typically costs in the firmware: its instructions and the context swaps it cannot hide.
 *
 * Instructions and waits are those of nfp-firmware.md, section 5.2, for an entry that is found at once. Between two waits
 * the firmware executes more instructions than four contexts leave visible of a wait (nfp-hardware.md, section 6.4), so a
 * wait costs its swap alone. Update and delete are unpublished: their waits are modelled, their instructions taken to be
 * the lookup's. Helpers that the translator inlines (random numbers, moving the packet's start) cost their words only.
 */
import { CONTEXT_SWAP_CYCLES, flowGraph, RELOCATION } from '@offload/nfp'
import type { DeviceMapDef, NfpImage } from './api'

/** Context swaps of the firmware's part, by helper number: lookup, update, delete. */
const SWAPS: Readonly<Record<number, number>> = { 1: 3, 2: 5, 3: 5 }
const LOOKUP_INSTRUCTIONS = 127
const INSTRUCTIONS_A_KEY_WORD = 6
const CODE_CALL = 0x85

/** What `helperCosts` needs of a program. */
export interface CalledProgram {
  readonly insns: Uint8Array
  readonly maps: readonly Pick<DeviceMapDef, 'key_size'>[]
  readonly relocs: readonly { readonly insn: number; readonly map: number }[]
}

/** Typical cycles of one call; undefined for helpers whose firmware is not known. */
export function helperCycles(helper: number, keySize: number): number | undefined {
  const swaps = SWAPS[helper]
  if (swaps === undefined) return undefined
  return LOOKUP_INSTRUCTIONS + INSTRUCTIONS_A_KEY_WORD * Math.ceil(keySize / 4) + swaps * CONTEXT_SWAP_CYCLES
}

/** Typical cycles spent in the firmware by the word that calls it. The map is the one that was loaded last before. */
export function helperCosts(image: NfpImage, program: CalledProgram): ReadonlyMap<number, number> {
  const { out, abort } = image.targets
  const places = new Map<number, number>([
    [RELOCATION.goOut, out],
    [RELOCATION.goAbort, abort],
  ])
  const costs = new Map<number, number>()
  for (const { word, target } of flowGraph(image.words, { places }).calls.values()) {
    const insn = image.origins[word]?.insn ?? -1
    if (target >= 0 || insn < 0 || program.insns[8 * insn] !== CODE_CALL) continue
    const helper = new DataView(program.insns.buffer, program.insns.byteOffset).getInt32(8 * insn + 4, true)
    const map = program.relocs.filter((reloc) => reloc.insn < insn).at(-1)?.map ?? -1
    const cycles = helperCycles(helper, program.maps[map]?.key_size ?? 4)
    if (cycles !== undefined) costs.set(word, cycles)
  }
  return costs
}
