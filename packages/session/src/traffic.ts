/** A document's traffic as a source of frames. Nothing here is random: the same document gives the same frames. */
import { createTraffic, readCapture, replayCapture, trafficProblems } from '@offload/packet'
import type { FrameSource } from '@offload/packet'
import { fromBase64 } from './base64'
import type { Traffic } from './document'

export type SourceResult =
  | { readonly ok: true; readonly source: FrameSource }
  | { readonly ok: false; readonly error: string }

/** `ports` is the number of ports of the device. */
export function frameSource(traffic: Traffic, ports: number): SourceResult {
  if (traffic.kind === 'synthetic') {
    const problem = trafficProblems(traffic.spec)[0]
    if (problem !== undefined) return { ok: false, error: `Traffic, ${problem.path}: ${problem.message}` }
    return { ok: true, source: createTraffic(traffic.spec) }
  }
  const bytes = fromBase64(traffic.base64)
  if (bytes === undefined) return { ok: false, error: `${traffic.name}: its base64 text is damaged.` }
  const read = readCapture(bytes)
  if (!read.ok)
    return { ok: false, error: `${traffic.name}: ${read.error.message} (byte ${read.error.offset} of the file).` }
  const source = replayCapture(read.capture, {
    ports,
    loop: traffic.loop,
    ...(traffic.rate > 0 ? { rate: traffic.rate } : {}),
  })
  if (source.playable === 0)
    return { ok: false, error: `${traffic.name}: no packet in it can be played as an Ethernet frame.` }
  return { ok: true, source }
}
