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
    if (flagsOf(vm, R3) !== 0 || length > MAX_LENGTH || length < (vm.networkHeader || ETHERNET)) return vm.give(-ERRNO.EINVAL)
    if (vm.data + length > vm.hardEnd) return vm.give(-ERRNO.ENOMEM)
    if (vm.data + length > vm.dataEnd) vm.memory.bytes.fill(0, vm.dataEnd, vm.data + length)
    vm.dataEnd = vm.data + length
    writePointers(vm)
    vm.give(0)
  },
  43: (vm) => {
    const room = vm.reg[R2]! >>> 0
    if (flagsOf(vm, R3) !== 0 || room > MAX_LENGTH || vm.dataEnd - vm.data + room > MAX_LENGTH) return vm.give(-ERRNO.EINVAL)
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
    const { view, bytes } = vm.memory
    if (view.getUint32(CTX_AT + SKB.vlanPresent, true)) {
      for (const field of [SKB.vlanPresent, SKB.vlanTci, SKB.vlanProto]) put(vm, field, 0)
    }
    const type = (bytes[vm.data + 12]! << 8) | bytes[vm.data + 13]!
    if ((type === 0x8100 || type === 0x88a8) && vm.dataEnd - vm.data >= 18) {
      put(vm, SKB.vlanPresent, 1)
      put(vm, SKB.vlanProto, (type >> 8) | ((type & 255) << 8))
      put(vm, SKB.vlanTci, (bytes[vm.data + 14]! << 8) | bytes[vm.data + 15]!)
      bytes.copyWithin(vm.data + 4, vm.data, vm.data + 12)
      vm.data += 4
      vm.dataMeta = vm.data
      writePointers(vm)
    }
    vm.give(0)
  },
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
  97: (vm) => {
    const { bytes } = vm.memory
    const ip = vm.data + vm.networkHeader
    if (bytes[ip]! >> 4 !== 4 || (bytes[ip + 1]! & 3) === 0) return vm.give(0)
    const old = bytes[ip + 1]!
    bytes[ip + 1] = old | 3
    const sum = 0xffff - (((bytes[ip + 10]! << 8) | bytes[ip + 11]!))
    const next = sum + (old | 3) - old
    const folded = 0xffff - ((next & 0xffff) + (next >> 16))
    bytes[ip + 10] = folded >> 8
    bytes[ip + 11] = folded
    vm.give(1)
  },
  50: (vm) => adjustRoom(vm),
  46: (vm) => vm.give(1),
  47: (vm) => vm.give(0),
  192: (vm) => {
    put(vm, SKB.tstamp, vm.reg[R2]!)
    put(vm, SKB.tstamp + 4, vm.reg[R2 + 1]!)
    vm.give(0)
  },
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
  if (flagsOf(vm, R4) === 0x7fffffff || mode < 0 || mode > 1) return vm.give(-ERRNO.EOPNOTSUPP)
  const { bytes } = vm.memory
  const ip = vm.data + vm.networkHeader
  const network = bytes[ip]! >> 4 === 6 ? 40 : 20
  const head = vm.networkHeader + (mode === 0 ? network : 0)
  if (Math.abs(delta) > 0xfff) return vm.give(-ERRNO.EFAULT)
  if (vm.data - delta < vm.hardStart || (delta < 0 && vm.dataEnd - vm.data + delta < head + (mode === 1 ? network : 0))) return vm.give(-ERRNO.EOPNOTSUPP)
  bytes.copyWithin(vm.data - delta, vm.data, vm.data + head)
  vm.data -= delta
  vm.dataMeta = vm.data
  if (delta > 0) bytes.fill(0, vm.data + head, vm.data + head + delta)
  writePointers(vm)
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
