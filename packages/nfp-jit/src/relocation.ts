/**
 * Relocation: an image made to fit one port, with error correction codes. Follows nfp-jit.md, section 20.
 *
 * The image itself is shared between ports and is what `bpftool prog dump jited` shows; only this copy is loaded.
 */
import {
  branchAddress,
  EncodeError,
  RELOCATION,
  relocationOf,
  setBranchAddress,
  setImmediate,
  immediateOf,
  storeWord,
  withEcc,
  wordAt,
} from '@offload/nfp'
import type { Word, Words } from '@offload/nfp'
import type { FirmwareProfile, NfpImage } from './api'
import { PLACEHOLDER } from './emit/emitter'
import { EINVAL } from './errno'

/** Where a port wants a program, and where the firmware's routines are. */
export interface RelocationTarget {
  readonly startOff: number
  readonly tgtDone: number
  readonly helpers: FirmwareProfile['helpers']
}

export type RelocationResult =
  | { readonly ok: true; readonly words: Words }
  | { readonly ok: false; readonly errno: number; readonly messages: readonly string[] }

/** Highest bit of a word before the error correction code is added. */
const BITS_ABOVE_45 = ~0x3fff

const HELPER_FIELDS: Readonly<Record<number, keyof FirmwareProfile['helpers']>> = {
  1: 'lookup',
  2: 'update',
  3: 'delete',
  25: 'perfEventOutput',
}

class RelocationError extends Error {}

/** The target of a port of a profile; the first port where there is no such one. */
export function relocationTarget(firmware: FirmwareProfile, port = 0): RelocationTarget {
  const startOff = firmware.startOff[port] ?? firmware.startOff[0] ?? 0
  return { startOff, tgtDone: firmware.tgtDone, helpers: firmware.helpers }
}

/** Words as they are loaded: relocation byte cleared, error correction code in bits 51..45. */
export function relocate(image: Pick<NfpImage, 'words' | 'targets'>, target: RelocationTarget): RelocationResult {
  const words = new Uint32Array(image.words.length)
  try {
    for (let i = 0; i < words.length / 2; i++) {
      const word = wordAt(image.words, i)
      apply(word, image.targets, target)
      word.hi &= 0x00ffffff
      if (word.hi & BITS_ABOVE_45) throw new RelocationError('')
      storeWord(words, i, withEcc(word))
    }
  } catch (error) {
    if (!(error instanceof RelocationError) && !(error instanceof EncodeError)) throw error
    return { ok: false, errno: EINVAL, messages: error.message === '' ? [] : [error.message] }
  }
  return { ok: true, words }
}

function apply(word: Word, ends: NfpImage['targets'], target: RelocationTarget): void {
  const start = target.startOff
  switch (relocationOf(word)) {
    case RELOCATION.branch:
      setBranchAddress(word, branchAddress(word) + start)
      break
    case RELOCATION.goOut:
      setBranchAddress(word, ends.out + start)
      break
    case RELOCATION.goAbort:
      setBranchAddress(word, ends.abort + start)
      break
    case RELOCATION.callPushRegs:
      setBranchAddress(word, routine(ends.pushRegs) + start)
      break
    case RELOCATION.callPopRegs:
      setBranchAddress(word, routine(ends.popRegs) + start)
      break
    case RELOCATION.nextPacket:
      setBranchAddress(word, target.tgtDone)
      break
    case RELOCATION.helper:
      setBranchAddress(word, helperAddress(branchAddress(word) - PLACEHOLDER, target))
      break
    case RELOCATION.immediate:
      setImmediate(word, immediateOf(word) + start)
      break
    default:
  }
}

function routine(index: number): number {
  if (index === 0) throw new RelocationError('BUG: failed to detect subprogram registers needs')
  return index
}

function helperAddress(id: number, { helpers }: RelocationTarget): number {
  const field = HELPER_FIELDS[id]
  if (!field) throw new RelocationError(`relocation of unknown helper ${id}`)
  return helpers[field]
}
