/**
 * Socket buffer helpers. The buffer is linear, so pulling data and cloning need no work; moved headers take or give room
 * at the front. Generic segmentation is not modelled.
 */
import { ERRNO } from '../../errno'
import { CTX_AT } from '../memory'
import { SKB, writePointers } from '../packet-context'
import { R2, R3, R4, R5 } from '../vm'
import type { Vm } from '../vm'
import type { HelperGroup } from './base'
import { flagsOf } from './maps'
import { mix32 } from '@offload/packet'

const RECOMPUTE_CHECKSUM = 1
const INVALIDATE_HASH = 2
const ETHERNET = 14
const MAX_LENGTH = 0xffff
const FIXED_GSO = 1

export const SKB_HELPERS: HelperGroup = {
  26: (vm) => loadBytes(vm, vm.data + (vm.reg[R2]! >>> 0)),
  68: (vm) => {
    const start = flagsOf(vm, R5)
    if (start > 1) return zeroBuffer(vm)
    loadBytes(vm, vm.data + (start === 1 ? vm.networkHeader : vm.networkHeader - ETHERNET) + (vm.reg[R2]! >>> 0))
  },
  9: (vm) => {
    const offset = vm.reg[R2]! >>> 0
    const size = vm.reg[R4]! >>> 0
    const from = vm.pointer(R3, size)
    if (from < 0) return vm.fail('helper', 0, 'skb_store_bytes with a bad pointer')
    if (flagsOf(vm, R5) & ~(RECOMPUTE_CHECKSUM | INVALIDATE_HASH)) return vm.give(-ERRNO.EINVAL)
    if (offset > 0x7fffffff || vm.data + offset + size > vm.dataEnd) return vm.give(-ERRNO.EFAULT)
    vm.memory.bytes.copyWithin(vm.data + offset, from, from + size)
    if (flagsOf(vm, R5) & INVALIDATE_HASH) put(vm, SKB.hash, 0)
    vm.give(0)
  },
  39: (vm) => vm.give(vm.reg[R2]! >>> 0 > vm.dataEnd - vm.data ? -ERRNO.ENOMEM : 0),
  38: (vm) => {
    const length = vm.reg[R2]! >>> 0
    if (flagsOf(vm, R3) !== 0 || length > MAX_LENGTH || length < (vm.networkHeader || ETHERNET))
      return vm.give(-ERRNO.EINVAL)
    if (vm.data + length > vm.hardEnd) return vm.give(-ERRNO.ENOMEM)
    if (vm.data + length > vm.dataEnd) vm.memory.bytes.fill(0, vm.dataEnd, vm.data + length)
    vm.dataEnd = vm.data + length
    writePointers(vm)
    vm.give(0)
  },
  43: (vm) => {
    const room = vm.reg[R2]! >>> 0
    if (flagsOf(vm, R3) !== 0 || room > MAX_LENGTH || vm.dataEnd - vm.data + room > MAX_LENGTH)
      return vm.give(-ERRNO.EINVAL)
    if (vm.data - room < vm.hardStart) return vm.give(-ERRNO.ENOMEM)
    vm.data -= room
    vm.dataMeta = vm.data
    vm.memory.bytes.fill(0, vm.data, vm.data + room)
    writePointers(vm)
    vm.give(0)
  },
  18: (vm) => {
    const protocol = vm.reg[R2]! & 0xffff
    const tag = vm.reg[R3]! & 0xffff
    const { view } = vm.memory
    // The tag stays outside the bytes, as in the kernel; a second one pushes the first into the packet.
    if (view.getUint32(CTX_AT + SKB.vlanPresent, true)) insertTag(vm)
    put(vm, SKB.vlanPresent, 1)
    put(vm, SKB.vlanTci, tag)
    put(vm, SKB.vlanProto, protocol === 0xa888 ? protocol : 0x0081)
    vm.give(0)
  },
  19: (vm) => {
    const { view } = vm.memory
    if (view.getUint32(CTX_AT + SKB.vlanPresent, true)) {
      for (const field of [SKB.vlanPresent, SKB.vlanTci, SKB.vlanProto]) put(vm, field, 0)
    } else removeTag(vm)
    // A tag that is now the first in the packet moves to where tags travel beside it.
    const tag = removeTag(vm)
    if (tag) {
      put(vm, SKB.vlanPresent, 1)
      put(vm, SKB.vlanProto, tag.protocol)
      put(vm, SKB.vlanTci, tag.tci)
    }
    vm.give(0)
  },
  31: (vm) => changeProtocol(vm),
  32: (vm) => {
    const type = vm.reg[R2]! >>> 0
    if (type > 3) return vm.give(-ERRNO.EINVAL)
    put(vm, SKB.pktType, type)
    vm.give(0)
  },
  34: (vm) => {
    const { view } = vm.memory
    if (view.getUint32(CTX_AT + SKB.hash, true) === 0) put(vm, SKB.hash, flowHash(vm))
    vm.reg[0] = view.getInt32(CTX_AT + SKB.hash, true)
    vm.reg[1] = 0
  },
  48: (vm) => {
    put(vm, SKB.hash, vm.reg[R2]!)
    vm.give(0)
  },
  41: (vm) => {
    put(vm, SKB.hash, 0)
    vm.give(0)
  },
  97: (vm) => vm.give(setCongestion(vm)),
  50: (vm) => adjustRoom(vm),
  46: (vm) => vm.give(1),
  47: (vm) => vm.give(0),
  192: (vm) => {
    const [lo, hi, kind] = [vm.reg[R2]!, vm.reg[R2 + 1]!, flagsOf(vm, R3)]
    if (!isIp(etherType(vm))) return vm.give(-ERRNO.EOPNOTSUPP)
    // Monotonic and TAI times cannot be 0.
    if (kind > 2 || (kind > 0 && (lo | hi) === 0)) return vm.give(-ERRNO.EINVAL)
    put(vm, SKB.tstamp, lo)
    put(vm, SKB.tstamp + 4, hi)
    vm.give(0)
  },
}

const IPV4 = 0x0800
const IPV6 = 0x86dd

/** What the packet is said to carry: the context's protocol field in host order. */
function etherType(vm: Vm): number {
  const field = vm.memory.view.getUint16(CTX_AT + SKB.protocol, true)
  return ((field & 255) << 8) | (field >> 8)
}

function isIp(type: number): boolean {
  return type === IPV4 || type === IPV6
}

/** Takes the first tag out of the packet. */
function removeTag(vm: Vm): { readonly protocol: number; readonly tci: number } | undefined {
  const { bytes } = vm.memory
  const type = (bytes[vm.data + 12]! << 8) | bytes[vm.data + 13]!
  if ((type !== 0x8100 && type !== 0x88a8) || vm.dataEnd - vm.data < 18) return undefined
  const tci = (bytes[vm.data + 14]! << 8) | bytes[vm.data + 15]!
  bytes.copyWithin(vm.data + 4, vm.data, vm.data + 12)
  vm.data += 4
  vm.dataMeta = vm.data
  const inner = (bytes[vm.data + 12]! << 8) | bytes[vm.data + 13]!
  put(vm, SKB.protocol, ((inner & 255) << 8) | (inner >> 8))
  writePointers(vm)
  return { protocol: ((type & 255) << 8) | (type >> 8), tci }
}

/** Marks congestion in the IP header: 1 when it is marked now, 0 when the packet does not take marks. */
function setCongestion(vm: Vm): number {
  const { bytes } = vm.memory
  const ip = vm.data + vm.networkHeader
  // The tag in front of the type is skipped for the type, not for the header's place.
  let type = etherType(vm)
  for (let at = ip; (type === 0x8100 || type === 0x88a8) && at + 4 <= vm.dataEnd; at += 4)
    type = (bytes[at + 2]! << 8) | bytes[at + 3]!
  if (type === IPV4) {
    const old = bytes[ip + 1]!
    if ((old & 3) === 3) return 1
    if ((old & 3) === 0) return 0
    bytes[ip + 1] = old | 3
    const sum = 0xffff - ((bytes[ip + 10]! << 8) | bytes[ip + 11]!) + (old | 3) - old
    const folded = 0xffff - ((sum & 0xffff) + (sum >> 16))
    bytes[ip + 10] = folded >> 8
    bytes[ip + 11] = folded
    return 1
  }
  if (type !== IPV6 || (bytes[ip + 1]! & 0x30) === 0) return 0
  bytes[ip + 1]! |= 0x30
  return 1
}

/** IPv4 to IPv6 or back: room for the other header; its fields are the program's job. */
function changeProtocol(vm: Vm): void {
  const to = ((vm.reg[R2]! & 255) << 8) | ((vm.reg[R2]! >> 8) & 255)
  const from = etherType(vm)
  if (flagsOf(vm, R3) !== 0) return vm.give(-ERRNO.EINVAL)
  if (!((from === IPV4 && to === IPV6) || (from === IPV6 && to === IPV4))) return vm.give(-ERRNO.ENOTSUPP)
  moveHead(vm, vm.networkHeader, to === IPV6 ? 20 : -20)
  put(vm, SKB.protocol, vm.reg[R2]! & 0xffff)
  vm.give(0)
}

/** Opens (or closes) room behind the first `head` bytes by moving them. New room is zero. */
function moveHead(vm: Vm, head: number, room: number): void {
  const { bytes } = vm.memory
  bytes.copyWithin(vm.data - room, vm.data, vm.data + head)
  vm.data -= room
  vm.dataMeta = vm.data
  if (room > 0) bytes.fill(0, vm.data + head, vm.data + head + room)
  writePointers(vm)
}

function put(vm: Vm, offset: number, value: number): void {
  vm.memory.view.setUint32(CTX_AT + offset, value >>> 0, true)
}

function loadBytes(vm: Vm, at: number): void {
  const size = vm.reg[R4]! >>> 0
  const to = vm.pointer(R3, size)
  if (to < 0) return vm.fail('helper', 0, 'skb_load_bytes with a bad buffer')
  if (at < vm.hardStart || at + size > vm.dataEnd) return zeroBuffer(vm)
  vm.memory.bytes.copyWithin(to, at, at + size)
  vm.give(0)
}

function zeroBuffer(vm: Vm): void {
  const size = vm.reg[R4]! >>> 0
  const to = vm.pointer(R3, size)
  if (to >= 0) vm.memory.bytes.fill(0, to, to + size)
  vm.give(-ERRNO.EFAULT)
}

/** Puts the tag that travels beside the packet into it. */
function insertTag(vm: Vm): void {
  const { bytes, view } = vm.memory
  bytes.copyWithin(vm.data - 4, vm.data, vm.data + 12)
  vm.data -= 4
  vm.dataMeta = vm.data
  const protocol = view.getUint32(CTX_AT + SKB.vlanProto, true)
  const tag = view.getUint32(CTX_AT + SKB.vlanTci, true)
  bytes[vm.data + 12] = protocol
  bytes[vm.data + 13] = protocol >> 8
  bytes[vm.data + 14] = tag >> 8
  bytes[vm.data + 15] = tag
  writePointers(vm)
}

/** Room behind the link header (mode 1) or the network header (mode 0), or its removal. */
function adjustRoom(vm: Vm): void {
  const delta = vm.reg[R2]!
  const mode = vm.reg[R3]!
  const { bytes } = vm.memory
  const ip = vm.data + vm.networkHeader
  const network = bytes[ip]! >> 4 === 6 ? 40 : 20
  const head = vm.networkHeader + (mode === 0 ? network : 0)
  if (Math.abs(delta) > 0xfff) return vm.give(-ERRNO.EFAULT)
  if (!isIp(etherType(vm)) || mode < 0 || mode > 1) return vm.give(-ERRNO.ENOTSUPP)
  if (vm.data - delta < vm.hardStart || (delta < 0 && vm.dataEnd - vm.data + delta < head + (mode === 1 ? network : 0)))
    return vm.give(-ERRNO.ENOTSUPP)
  // Encapsulation flags have no meaning when headers go.
  if (delta < 0 && flagsOf(vm, R4) & ~FIXED_GSO) return vm.give(-ERRNO.EINVAL)
  moveHead(vm, head, delta)
  vm.give(0)
}

/** A flow's hash: equal for equal addresses and ports, never 0. Not the kernel's (that is seeded per boot). */
function flowHash(vm: Vm): number {
  const { bytes } = vm.memory
  const ip = vm.data + vm.networkHeader
  const v6 = bytes[ip]! >> 4 === 6
  const [from, to] = v6 ? [8, 44] : [12, 24]
  let hash = 1
  for (let i = from; i < to && ip + i < vm.dataEnd; i++) hash = mix32(hash ^ bytes[ip + i]!)
  return hash || 1
}
