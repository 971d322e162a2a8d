/** The board that the document names, with what the page says about it. */
import { DEVICES } from '@offload/nfp-chip'
import type { DeviceProfile } from '@offload/nfp-chip'
import { lineRate } from '@offload/packet'
import { meanFrame } from '../panes/traffic-summary'
import { useDocument } from './document'

export interface DeviceEntry {
  readonly id: string
  readonly title: string
  readonly profile: DeviceProfile
}

/** "Agilio CX 2x25GbE (AMDA0099)" → "Agilio CX 2×25". */
function shortTitle(name: string): string {
  return name.replace(/\s*\(.*\)$/, '').replace(/(\d)x(\d+)GbE$/, '$1×$2')
}

export const DEVICE_LIST: readonly DeviceEntry[] = Object.entries(DEVICES).map(([id, profile]) => ({
  id,
  title: shortTitle(profile.name),
  profile,
}))

export function deviceOf(id: string): DeviceEntry {
  return DEVICE_LIST.find((device) => device.id === id) ?? DEVICE_LIST[0]!
}

/** Line rate of one port for the present traffic, with the words for the graph. */
export function useLineRate(): { readonly perSecond: number; readonly frame: number; readonly label: string } {
  const device = useDocument((state) => state.document.device)
  const traffic = useDocument((state) => state.document.traffic)
  const frame = Math.round(meanFrame(traffic))
  const perSecond = lineRate(frame, deviceOf(device).profile.portGbps)
  // On the wire a frame also carries four bytes of FCS: 60 bytes are the "64 B" of every data sheet.
  return { perSecond, frame, label: `line rate at ${Math.max(64, frame + 4)} B, ${(perSecond / 1e6).toFixed(1)} Mpps` }
}
