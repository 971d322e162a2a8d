/**
 * What each optimisation pass of the driver does to the words of a document: the program as written, after the first
 * pass, after the first two, and so on to what the card runs. Passes that the document switches off are left out at
 * their place. The words are translated anew for every stage, so the figures are differences of real images. Slower
 * than `compile` (one load a pass and two more); ask only when it is shown. Follows nfp-jit.md, section 6.
 */
import { assemble } from '@offload/bpf'
import type { Program } from '@offload/bpf'
import type { Words } from '@offload/nfp'
import { PASSES, USUAL_WEIGHTS, imageBudget, loadForDevice } from '@offload/nfp-jit'
import type { DeviceLoadRequest, NfpImage, PassName } from '@offload/nfp-jit'
import type { SessionDocument } from './document'
import { deviceRequest } from './compile'

/** The program after so many passes. Without words where the device refuses it at that stage. */
export interface PassStage {
  readonly words?: Words
  /** First and one-past-last word of each BPF slot, two entries a slot. */
  readonly insnWords?: Int32Array
  /** Cycles on the dearest way for one packet, with the usual weights; absent where every way loops. */
  readonly worstCycles?: number
}

export interface PassEffect {
  readonly pass: PassName
  readonly title: string
  readonly purpose: string
  /** Not switched off by the document. */
  readonly on: boolean
  /** The program after this pass and those before it. */
  readonly stage: PassStage
  /** What the whole program would be with this one pass switched the other way. */
  readonly switched: { readonly words?: number; readonly worstCycles?: number }
}

export interface PassEffects {
  /** Without any pass. */
  readonly written: PassStage
  readonly passes: readonly PassEffect[]
}

/** Effects of the passes on a document's program, or undefined where it does not assemble or has no words. */
export function passEffects(
  document: Pick<SessionDocument, 'source' | 'firmware' | 'kernel' | 'capabilities' | 'passesOff'>,
): PassEffects | undefined {
  const assembled = assemble(document.source)
  if (!assembled.ok) return undefined
  const request = deviceRequest(document, assembled.program, { logLevel: 0 })
  const off = new Set(document.passesOff)
  const names = PASSES.map(({ name }) => name)
  const load = (without: ReadonlySet<PassName>): PassStage => stageOf(request, assembled.program, without)

  const final = load(off)
  if (final.words === undefined) return undefined
  const written = load(new Set(names))
  let last = written
  const passes = PASSES.map(({ name, title, purpose }, index): PassEffect => {
    const on = !off.has(name)
    // A pass that does not run leaves everything as it was; the last stage is the program itself.
    if (index === PASSES.length - 1) last = final
    else if (on) last = load(new Set(names.filter((other, at) => at > index || off.has(other))))
    const other = load(on ? new Set([...off, name]) : new Set([...off].filter((kept) => kept !== name)))
    return {
      pass: name,
      title,
      purpose,
      on,
      stage: last,
      switched: {
        ...(other.words === undefined ? {} : { words: other.words.length / 2 }),
        ...(other.worstCycles === undefined ? {} : { worstCycles: other.worstCycles }),
      },
    }
  })
  return { written, passes }
}

function stageOf(request: DeviceLoadRequest, program: Program, without: ReadonlySet<PassName>): PassStage {
  const passes = Object.fromEntries([...without].map((name) => [name, false]))
  const { image } = loadForDevice({ ...request, passes })
  return image === undefined
    ? {}
    : { words: image.words, insnWords: image.insnWords, ...worst(image, program, request) }
}

function worst(image: NfpImage, program: Program, request: DeviceLoadRequest): Pick<PassStage, 'worstCycles'> {
  const cycles = imageBudget(image, request.firmware, { ...USUAL_WEIGHTS, program }).worst?.cycles
  return cycles === undefined ? {} : { worstCycles: cycles }
}
