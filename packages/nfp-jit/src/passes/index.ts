/** The six passes in the driver's order, and the run over them. */
import type { InsnNote } from '../api'
import type { ProgramInfo } from '../program-info'
import { copyGathering } from './copy-gathering'
import { entrySequence } from './entry-sequence'
import { legacyMask } from './legacy-mask'
import { legacyShifts } from './legacy-shifts'
import { negativeConstants } from './negative-constants'
import { packetCache } from './packet-cache'
import type { Pass, PassSwitches, PassTrace } from './pass'

/** In the order they run; gathering goes before the cache, since gathered loads stay out of it. */
export const PASSES: readonly Pass[] = [
  entrySequence,
  negativeConstants,
  legacyMask,
  legacyShifts,
  copyGathering,
  packetCache,
]

/**
 * Runs the passes over `program` (changed in place) and returns what they merged. With `traces`, one record a pass is
 * added to it; a pass switched off leaves a record with `ran: false`.
 */
export function runPasses(program: ProgramInfo, switches: PassSwitches = {}, traces?: PassTrace[]): InsnNote[] {
  const all: InsnNote[] = []
  for (const pass of PASSES) {
    const ran = switches[pass.name] !== false
    const before = traces ? program.encode() : undefined
    const skippedBefore = traces ? skippedSlots(program) : undefined
    const notes: InsnNote[] = []
    if (ran) pass.run(program, notes)
    all.push(...notes)
    if (traces && before && skippedBefore) {
      const [after, skippedAfter] = [program.encode(), skippedSlots(program)]
      traces.push({ pass: pass.name, ran, before, after, skippedBefore, skippedAfter, notes })
    }
  }
  return all
}

const skippedSlots = (program: ProgramInfo): Uint8Array =>
  Uint8Array.from({ length: program.length }, (_, i) => (program.isSkipped(i) ? 1 : 0))
