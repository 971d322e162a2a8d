/** The firmware profile that a request names. */
import { FIRMWARE_PROFILES } from '@offload/nfp-jit'
import type { FirmwareName, FirmwareProfile } from '@offload/nfp-jit'
import { oneOf } from './hex'

export function firmwareOf(request: Record<string, unknown>): FirmwareProfile {
  const names = Object.keys(FIRMWARE_PROFILES) as FirmwareName[]
  return FIRMWARE_PROFILES[oneOf(request['fw'], 'fw', names, 'shipping')]
}
