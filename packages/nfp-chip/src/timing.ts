/**
 * The latencies and service times of constants.ts for one clock: memories run at their own speed, so a chip with
 * another clock than 800 MHz sees other numbers of its own cycles. Also the longest legal window.
 */
import type { DeviceProfile } from './api'
import { EGRESS, EVENT, LATENCY, SERVICE } from './constants'

/** Latencies in cycles, service times in fractions of cycles, of one device. */
export interface Timing {
  readonly ctmRead: number
  readonly ctmWrite: number
  readonly ctmRemote: number
  readonly perEightBytes: number
  readonly ememHit: number
  readonly ememMiss: number
  readonly ememAtomic: number
  readonly ememAtomicMiss: number
  readonly ememWrite: number
  readonly imem: number
  readonly cls: number
  readonly packetDispatch: number
  readonly eventLatency: number
  readonly egressWire: number
  readonly egressHost: number
  readonly serviceRead: number
  readonly serviceAtomic: number
  readonly serviceImem: number
  readonly serviceCls: number
  readonly serviceMac: number
  readonly serviceGro: number
  readonly serviceEvent: number
  readonly eventPerByte: number
  /** Cycles by which cores may run ahead of each other: the shortest latency of anything another core can see. */
  readonly window: number
}

/** The timing of a device's clock. */
export function timingOf(device: DeviceProfile): Timing {
  const scale = device.clockMHz / 800
  const whole = (cycles: number): number => Math.max(1, Math.round(cycles * scale))
  const latencies = {
    ctmRead: whole(LATENCY.ctmRead),
    ctmWrite: whole(LATENCY.ctmWrite),
    ctmRemote: whole(LATENCY.ctmRead + LATENCY.ctmRemote),
    perEightBytes: LATENCY.perEightBytes,
    ememHit: whole(LATENCY.ememHit),
    ememMiss: whole(LATENCY.ememMiss),
    ememAtomic: whole(LATENCY.ememAtomic),
    ememAtomicMiss: whole(LATENCY.ememMiss),
    ememWrite: whole(LATENCY.ememWrite),
    imem: whole(LATENCY.imem),
    cls: whole(LATENCY.cls),
    packetDispatch: whole(LATENCY.packetDispatch),
    eventLatency: whole(EVENT.latency),
    egressWire: whole(EGRESS.wire),
    egressHost: whole(EGRESS.host),
  }
  const shared = [
    'ctmRemote',
    'ememHit',
    'ememAtomic',
    'ememWrite',
    'imem',
    'cls',
    'packetDispatch',
    'eventLatency',
  ] as const
  return {
    ...latencies,
    serviceRead: SERVICE.ememRead * scale,
    serviceAtomic: SERVICE.ememAtomic * scale,
    serviceImem: SERVICE.imem * scale,
    serviceCls: SERVICE.cls * scale,
    serviceMac: SERVICE.macRx * scale,
    serviceGro: SERVICE.gro * scale,
    serviceEvent: EVENT.service * scale,
    eventPerByte: EVENT.perByte * scale,
    window: Math.min(...shared.map((name) => latencies[name])),
  }
}
