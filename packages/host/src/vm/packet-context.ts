/**
 * A packet and its context in guest memory: xdp_md with 256 bytes of headroom, or __sk_buff; and what is left after the
 * run. Sizes and limits are those of the kernel's test run (kernel-tables.md, sections 1.2 and 4): a page a frame, of
 * which 40 bytes at the start belong to the frame itself and 320 at the end to its shared info.
 */
import { CTX_AT, CTX_SIZE, PACKET_AT, PACKET_SIZE } from './memory'
import type { Vm } from './vm'

/** Bytes at the buffer's start that no program can get. */
export const XDP_FRAME_SIZE = 40
const TAIL_RESERVE = 320
const PAGE = 4096
const XDP_HEADROOM = 256
/** Where a socket buffer's frame starts: in the middle, since it can grow at both ends. */
const SKB_AT = PACKET_AT + 0x11000

export interface PacketMeta {
  readonly ifindex?: number
  readonly rxQueue?: number
  readonly mark?: number
  readonly priority?: number
  readonly hash?: number
  /** Nanoseconds. */
  readonly tstamp?: number
}

/** Offsets of __sk_buff's fields. */
export const SKB = {
  len: 0,
  pktType: 4,
  mark: 8,
  queueMapping: 12,
  protocol: 16,
  vlanPresent: 20,
  vlanTci: 24,
  vlanProto: 28,
  priority: 32,
  ingressIfindex: 36,
  ifindex: 40,
  tcIndex: 44,
  cb: 48,
  hash: 68,
  tcClassid: 72,
  data: 76,
  dataEnd: 80,
  napiId: 84,
  family: 88,
  remoteIp4: 92,
  localIp4: 96,
  remoteIp6: 100,
  localIp6: 116,
  remotePort: 132,
  localPort: 136,
  dataMeta: 140,
  tstamp: 152,
  wireLen: 160,
  gsoSegs: 164,
  sk: 168,
  gsoSize: 176,
} as const

/** Largest packet that fits. */
export const MAX_PACKET = 0xffff

/** Lays an Ethernet frame out for an XDP program. The page around it is zero. */
export function beginXdp(vm: Vm, frame: Uint8Array, meta: PacketMeta = {}): void {
  const size = Math.max(PAGE, (XDP_HEADROOM + frame.length + TAIL_RESERVE + 63) & ~63)
  placePacket(vm, frame, PACKET_AT + XDP_HEADROOM)
  vm.hardStart = PACKET_AT
  vm.hardEnd = PACKET_AT + size - TAIL_RESERVE
  vm.context = 'xdp'
  const { view } = vm.memory
  view.setUint32(CTX_AT + 12, meta.ifindex ?? 1, true)
  view.setUint32(CTX_AT + 16, meta.rxQueue ?? 0, true)
  writePointers(vm)
}

function placePacket(vm: Vm, frame: Uint8Array, at: number): void {
  const { bytes } = vm.memory
  bytes.fill(0, CTX_AT, CTX_AT + CTX_SIZE)
  // Only what the packet before could reach can be other than zero.
  bytes.fill(0, vm.touchedStart, vm.touchedEnd)
  bytes.set(frame, at)
  vm.data = at
  vm.dataMeta = at
  vm.dataEnd = at + frame.length
  vm.touchedStart = at
  vm.touchedEnd = vm.dataEnd
  vm.networkHeader = 14
}

/** Tells the context where the packet is now; after every helper that moves it. */
export function writePointers(vm: Vm): void {
  const { view } = vm.memory
  if (vm.dataMeta < vm.touchedStart) vm.touchedStart = vm.dataMeta
  if (vm.dataEnd > vm.touchedEnd) vm.touchedEnd = vm.dataEnd
  if (vm.context === 'xdp') {
    view.setUint32(CTX_AT, vm.data, true)
    view.setUint32(CTX_AT + 4, vm.dataEnd, true)
    view.setUint32(CTX_AT + 8, vm.dataMeta, true)
  } else {
    view.setUint32(CTX_AT + SKB.len, vm.dataEnd - vm.data, true)
    view.setUint32(CTX_AT + SKB.data, vm.data, true)
    view.setUint32(CTX_AT + SKB.dataEnd, vm.dataEnd, true)
    view.setUint32(CTX_AT + SKB.dataMeta, vm.dataMeta, true)
  }
}

/** Bytes after an XDP run: from the metadata on, as the kernel's test run gives them. */
export function xdpResult(vm: Vm): Uint8Array {
  return vm.memory.bytes.slice(vm.dataMeta, vm.dataEnd)
}

/**
 * Lays an Ethernet frame out for a socket buffer program. Classifiers see it from the link layer on, socket filters and
 * cgroup programs from the network layer on. False when the kernel's test run refuses the frame: shorter than the
 * header that its EtherType promises.
 */
export function beginSkb(vm: Vm, frame: Uint8Array, linkLayer: boolean, meta: PacketMeta = {}): boolean {
  if (frame.length < 14) return false
  const type = (frame[12]! << 8) | frame[13]!
  if (type === 0x0800 && frame.length < 34) return false
  if (type === 0x86dd && frame.length < 54) return false
  placePacket(vm, frame, SKB_AT)
  vm.hardStart = PACKET_AT
  vm.hardEnd = PACKET_AT + PACKET_SIZE
  vm.context = 'skb'
  if (!linkLayer) {
    vm.data += 14
    vm.dataMeta = vm.data
    vm.networkHeader = 0
  }
  const { view, bytes } = vm.memory
  const put = (offset: number, value: number): void => view.setUint32(CTX_AT + offset, value >>> 0, true)
  put(SKB.pktType, packetType(frame))
  // An 802.3 length in place of a type: 1 for raw 802.3 (all ones follow), 4 for 802.2.
  const protocol = type >= 1536 ? type : frame[14] === 0xff && frame[15] === 0xff ? 1 : 4
  put(SKB.protocol, ((protocol & 255) << 8) | (protocol >> 8))
  put(SKB.ifindex, meta.ifindex ?? 1)
  put(SKB.mark, meta.mark ?? 0)
  put(SKB.priority, meta.priority ?? 0)
  put(SKB.hash, meta.hash ?? 0)
  put(SKB.queueMapping, meta.rxQueue ?? 0)
  const tstamp = meta.tstamp ?? 0
  put(SKB.tstamp, tstamp % 4294967296)
  put(SKB.tstamp + 4, Math.floor(tstamp / 4294967296))
  const ip = SKB_AT + 14
  if (type === 0x0800) {
    put(SKB.family, 2)
    bytes.copyWithin(CTX_AT + SKB.localIp4, ip + 12, ip + 16)
    bytes.copyWithin(CTX_AT + SKB.remoteIp4, ip + 16, ip + 20)
  } else if (type === 0x86dd) {
    put(SKB.family, 10)
    bytes.copyWithin(CTX_AT + SKB.localIp6, ip + 8, ip + 24)
    bytes.copyWithin(CTX_AT + SKB.remoteIp6, ip + 24, ip + 40)
  }
  writePointers(vm)
  return true
}

/** Bytes after a socket buffer run; where the link layer was hidden it reads as zeros. */
export function skbResult(vm: Vm, linkLayer: boolean): Uint8Array {
  const data = vm.memory.bytes.slice(vm.data, vm.dataEnd)
  if (linkLayer) return data
  const frame = new Uint8Array(14 + data.length)
  frame.set(data, 14)
  return frame
}

/** 0 to this host, 1 broadcast, 2 multicast, 3 to another: the test device's own address is all zeros. */
function packetType(frame: Uint8Array): number {
  const destination = frame.subarray(0, 6)
  if (destination[0]! & 1) return destination.every((byte) => byte === 255) ? 1 : 2
  return destination.every((byte) => byte === 0) ? 0 : 3
}
