/** What the tests of the article's checklist share: an emulated card in its host, short programs, packets sent and counted. */
import { assemble } from '@offload/bpf'
import type { Program } from '@offload/bpf'
import { createChip, DEVICES, FIRMWARE_BEHAVIOURS } from '@offload/nfp-chip'
import type { EmulatedChip, TimeModel } from '@offload/nfp-chip'
import { FIRMWARE_PROFILES } from '@offload/nfp-jit'
import type { FirmwareName } from '@offload/nfp-jit'
import { buildFrame } from '@offload/packet'
import type { KernelVersion } from '@offload/verifier'
import { createMachine } from '../machine/machine'
import type { Machine } from '../machine/machine'
import type { HostPacket } from '../machine/host-path'
import type { BpfProgram } from '../machine/objects'
import type { LoadResult } from '../machine/program-loader'

export function program(text: string): Program {
  const result = assemble(text)
  if (!result.ok) throw new Error(JSON.stringify(result.diagnostics[0]))
  return result.program
}

export interface HostOptions {
  readonly timeModel?: TimeModel
  readonly device?: string
  readonly firmware?: FirmwareName
  readonly kernel?: KernelVersion
  readonly interpretOnly?: boolean
}

export function chipOf({
  timeModel = 'functional',
  device = 'cx-2x25',
  firmware = 'shipping',
}: HostOptions = {}): EmulatedChip {
  return createChip({
    device: DEVICES[device]!,
    firmware: FIRMWARE_BEHAVIOURS[firmware]!,
    seed: 1,
    timeModel,
    queues: 8,
  })
}

export function hostOf(options: HostOptions = {}): Machine {
  const { firmware = 'shipping', kernel = '6.18', interpretOnly = false } = options
  return createMachine({ chip: chipOf(options), firmware: FIRMWARE_PROFILES[firmware], kernel, interpretOnly })
}

export function loaded(result: LoadResult): Extract<LoadResult, { ok: true }> {
  if (!result.ok) throw new Error(`${result.stage}: ${result.error}`)
  return result
}

/** Loads for the card and attaches to port 0. */
export function offload(host: Machine, text: string): Extract<LoadResult, { ok: true }> {
  const result = loaded(host.load(program(text), { offload: true }))
  const attached = host.attach(result.program.id, host.netdevs[0]!.ifindex, 'offload')
  if (attached.errno) throw new Error(attached.message ?? `errno ${-attached.errno}`)
  return result
}

/** Loads for the host and attaches to port 0 in driver mode. */
export function drive(host: Machine, text: string): BpfProgram {
  const { program: made } = loaded(host.load(program(text)))
  host.attach(made.id, host.netdevs[0]!.ifindex, 'driver')
  return made
}

/** Sends frames to a port, `gap` nanoseconds apart, and gives what came of them in the order of arrival. */
export function send(host: Machine, frames: readonly Uint8Array[], port = 0, gap = 1000): HostPacket[] {
  const start = host.device.now + 1000
  host.offer(frames.map((data, i) => ({ time: start + i * gap, port, data })))
  return host.run(Number.MAX_SAFE_INTEGER, { untilIdle: true }).sort((a, b) => a.record.number - b.record.number)
}

export const outcomes = (packets: readonly HostPacket[]): string[] => packets.map(({ record }) => record.outcome)

export const udp = (dstPort = 53, src = '10.0.0.1', size = 64): Uint8Array =>
  buildFrame([{ kind: 'ethernet' }, { kind: 'ipv4', src }, { kind: 'udp', dstPort }], { size })

export const u32 = (value: number): Uint8Array =>
  Uint8Array.of(value & 255, (value >> 8) & 255, (value >> 16) & 255, value >>> 24)

/** First word of an entry. */
export function counter(host: Machine, map: number, key = 0): number {
  const { value } = host.mapLookup(map, u32(key))
  if (!value) throw new Error(`no entry ${key}`)
  return new DataView(value.buffer, value.byteOffset).getUint32(0, true)
}

export const PASS = '.prog xdp pass\nr0 = 2\nexit\n'
export const DROP = '.prog xdp drop\nr0 = 1\nexit\n'
/** Looks the key at r10 − 4 up in map `m`. */
export const LOOKUP = '  r2 = r10\n  r2 += -4\n  r1 = m ll\n  call bpf_map_lookup_elem\n'

/** Adds 1 atomically at index 0, returns `verdict`. */
export const countAll = (verdict: number): string => `
.license GPL
.map m array key 4 value 8 max 4
.prog xdp count
  r1 = 0
  *(u32 *)(r10 - 4) = r1
${LOOKUP}  if r0 == 0 goto out
  r1 = 1
  lock *(u64 *)(r0 + 0) += r1
out:
  r0 = ${verdict}
  exit
`

/** Reads the count, adds 1, writes it back with the update helper: not atomic. */
export const COUNT_PLAIN = `
.map m array key 4 value 8 max 4
.prog xdp plain
  r1 = 0
  *(u32 *)(r10 - 4) = r1
${LOOKUP}  if r0 == 0 goto out
  r1 = *(u32 *)(r0 + 0)
  r1 += 1
  *(u32 *)(r10 - 16) = r1
  r1 = 0
  *(u32 *)(r10 - 12) = r1
  r1 = m ll
  r2 = r10
  r2 += -4
  r3 = r10
  r3 += -16
  r4 = 0
  call bpf_map_update_elem
out:
  r0 = 2
  exit
`

/** Drops packets whose IPv4 source is in the map. */
export const BLOCK_LIST = `
.map m hash key 4 value 4 max 16
.prog xdp block
  r7 = *(u32 *)(r1 + 0)
  r8 = *(u32 *)(r1 + 4)
  r0 = 2
  r2 = r7
  r2 += 34
  if r2 > r8 goto out
  r2 = *(u32 *)(r7 + 26)
  *(u32 *)(r10 - 4) = r2
${LOOKUP}  r1 = r0
  r0 = 2
  if r1 == 0 goto out
  r0 = 1
out:
  exit
`

/** Bytes `from` … of the packet are in reach: r7 is its start, r6 the context; else it is passed. */
export const REACH = (bytes: number): string => `
  r6 = r1
  r7 = *(u32 *)(r1 + 0)
  r8 = *(u32 *)(r1 + 4)
  r2 = r7
  r2 += ${bytes}
  if r2 > r8 goto pass
`
