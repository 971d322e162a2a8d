/** The firmware of a document: the named profile, with the document's changes to its capabilities. */
import { FIRMWARE_PROFILES } from '@offload/nfp-jit'
import type { FirmwareProfile } from '@offload/nfp-jit'
import type { SessionDocument } from './document'

const HASH = 1 << 1
const ARRAY = 1 << 2
const NO_ADJUST_HEAD = { flags: 0, offMin: 0, offMax: 0, guaranteedSub: 0, guaranteedAdd: 0 }

export function firmwareOf(document: Pick<SessionDocument, 'firmware' | 'capabilities'>): FirmwareProfile {
  const profile = FIRMWARE_PROFILES[document.firmware]
  const changes = document.capabilities
  if (changes === undefined) return profile
  const { helpers, maps } = profile
  const helper = (on: boolean | undefined, address: number): number => (on === false ? 0 : address)
  const hash = (changes.hashMaps ?? (maps.types & HASH) !== 0) ? HASH : 0
  const array = (changes.arrayMaps ?? (maps.types & ARRAY) !== 0) ? ARRAY : 0
  return {
    ...profile,
    helpers: {
      lookup: helper(changes.lookup, helpers.lookup),
      update: helper(changes.update, helpers.update),
      delete: helper(changes.delete, helpers.delete),
      perfEventOutput: helper(changes.perfEventOutput, helpers.perfEventOutput),
    },
    adjustHead: changes.adjustHead === false ? NO_ADJUST_HEAD : profile.adjustHead,
    adjustTail: changes.adjustTail ?? profile.adjustTail,
    random: changes.random ?? profile.random,
    queueSelect: changes.queueSelect ?? profile.queueSelect,
    maps: {
      ...maps,
      types: (maps.types & ~(HASH | ARRAY)) | hash | array,
      maxMaps: changes.maxMaps ?? maps.maxMaps,
      maxElems: changes.maxElems ?? maps.maxElems,
    },
    maxLen: changes.maxLen ?? profile.maxLen,
    stackSize: changes.stackSize ?? profile.stackSize,
  }
}
