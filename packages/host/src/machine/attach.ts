/** Attaching XDP programs: the kernel's rules about modes and slots. nfp-offload.md, sections 8.1 and 8.2. */
import type { NfpDevice } from '../device/nfp-device'
import { ERRNO } from '../errno'
import type { Netdev, XdpMode } from './netdev'
import type { BpfProgram } from './objects'

export interface AttachResult {
  /** 0 or a negative errno. */
  readonly errno: number
  /** Extended ack: the text that `ip` shows as `Error: …` (or `Warning: …` with errno 0). */
  readonly message?: string
}

export interface AttachOptions {
  /** Refuse when the slot is taken (`ip` without -force). */
  readonly noReplace?: boolean
}

/** The slot that `mode` means; undefined asks for the driver's. */
export function setXdp(
  netdev: Netdev,
  device: NfpDevice,
  program: BpfProgram | undefined,
  mode: XdpMode,
  options: AttachOptions,
): AttachResult {
  const current = netdev.xdp[mode]
  if (program && program.type !== 'xdp') return { errno: -ERRNO.EINVAL }
  if (program) {
    if (
      (mode === 'generic' && netdev.xdp.driver !== undefined) ||
      (mode === 'driver' && netdev.xdp.generic !== undefined)
    ) {
      return { errno: -ERRNO.EEXIST, message: "Native and generic XDP can't be active at the same time" }
    }
    if (options.noReplace && current !== undefined)
      return { errno: -ERRNO.EBUSY, message: 'XDP program already attached' }
    if (program.ifindex !== undefined && mode === 'driver')
      return { errno: -ERRNO.EINVAL, message: 'Using device-bound program without HW_MODE flag is not supported' }
    if (program.ifindex !== undefined && mode === 'generic') return { errno: -ERRNO.EINVAL }
    if (program.id === current) return { errno: 0 }
  }
  if (mode === 'offload') {
    // A program for the host, or of another card, has no image here.
    if (program && !program.image) return { errno: -ERRNO.EINVAL }
    return device.setProgram(
      netdev.port,
      'xdp',
      program?.image && { programId: program.id, image: program.image },
      netdev.mtu,
    )
  }
  return { errno: 0 }
}
