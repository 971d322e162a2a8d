/**
 * What the driver asks of a translated program before it is loaded into a port. Follows nfp-offload.md, section 8.4,
 * rows 5 to 7, and the rule for later changes of the MTU.
 */
import type { FirmwareProfile, NfpImage } from './api'
import { EBUSY, EOPNOTSUPP } from './errno'

export interface AttachRefusal {
  /** Positive errno. */
  readonly errno: number
  /** The driver's text, without its `nfp: ` prefix. */
  readonly text: string
}

/** The part of a packet that programs can reach lies in the CTM; `mtu` is the port's. */
export function checkMtu(
  image: Pick<NfpImage, 'maxPktOffset'>,
  firmware: Pick<FirmwareProfile, 'inlineMtu'>,
  mtu: number,
): AttachRefusal | undefined {
  if (Math.min(image.maxPktOffset, mtu) <= firmware.inlineMtu) return undefined
  const text = 'BPF offload not supported with potential packet access beyond HW packet split boundary'
  return { errno: EOPNOTSUPP, text }
}

/** The same question when the MTU of a port with a running program is changed. */
export function checkMtuChange(
  image: Pick<NfpImage, 'maxPktOffset'>,
  firmware: Pick<FirmwareProfile, 'inlineMtu'>,
  mtu: number,
): AttachRefusal | undefined {
  if (!checkMtu(image, firmware, mtu)) return undefined
  return { errno: EBUSY, text: 'BPF offload active, potential packet access beyond hardware packet boundary' }
}

/** All limits of a port, in the driver's order: packet reach, stack, length. */
export function checkAttach(
  image: Pick<NfpImage, 'maxPktOffset' | 'stackSize' | 'words'>,
  firmware: FirmwareProfile,
  mtu: number = firmware.mtu,
): AttachRefusal | undefined {
  const beyond = checkMtu(image, firmware, mtu)
  if (beyond) return beyond
  if (image.stackSize > firmware.stackSize) return { errno: EOPNOTSUPP, text: 'stack too large' }
  if (image.words.length / 2 > firmware.maxLen) return { errno: EOPNOTSUPP, text: 'program too long' }
  return undefined
}
