/**
 * The way of a packet around the worker cores: wire and MAC, packet memory of an island, idle contexts and waiting
 * packets, reorder stage, departure. Only the leader works here, in order of time.
 * Follows nfp-firmware.md, sections 2.5, 8.2 and 8.4, and nfp-hardware.md, sections 3 and 6.3.
 *
 * Departed packets and events go to rings of records in the chip's memory; offered frames wait outside it.
 */
import type { TimedFrame } from '@offload/packet'
import type { ChipConfig, DeviceProfile, PacketRecord } from './api'
import { CTM, WIRE_BACKLOG, WIRE_OVERHEAD } from './constants'
import {
  CNT,
  CORE,
  CORE_WORDS,
  CTX,
  ENGINE,
  HDR,
  ISLAND,
  PACKETS_PER_ISLAND,
  PACKET_BITS,
  PKT,
  REORDER,
  STATE,
} from './layout'
import type { ChipMemory, ChipOptions } from './layout'
import { createPacketRecords } from './packet-records'
import { OUTCOME } from './services'
import { INBOX_FRAME } from './inbox'
import type { Timing } from './timing'

/** Cycles of wires and of PCIe. */
export const pathSpeeds = (device: DeviceProfile) => ({
  cyclesPerByte: (8 * device.clockMHz) / (device.portGbps * 1000),
  hostCyclesPerByte: (8 * device.clockMHz) / 63_000,
  hostCyclesPerPacket: device.clockMHz / 28,
})

/** A frame that has been offered and is not in packet memory yet. */
export interface PendingFrame {
  readonly number: number
  readonly port: number
  /** Cycle at which its sender wants to start. */
  readonly offered: number
  readonly data: Uint8Array
}

export interface PacketPath {
  offer(frames: readonly TimedFrame[]): void
  /** Frames that have not arrived yet. */
  pending(): number
  /** Cycle at which the next frame leaves the MAC; Infinity when there is none. */
  nextArrival(): number
  /** Lets the next frame arrive. */
  arrive(): void
  /** A context is done with packet `index` at `cycle` and idle from then on. */
  done(core: number, slot: number, index: number, cycle: number): void
  /**
   * Without time: the next frame that was offered before `until`, put straight into the packet memory of `core`'s island
   * and handed to its context 0. False when there is none.
   */
  startNow(core: number, until: number): boolean
  /**
   * Without time: takes frames that were offered before `until` to the engine's inbox (functional-code.ts has its form), as
   * many as it holds; returns how many.
   */
  fillInbox(until: number): number
  /** Without time: packet `index` is done and leaves at once. */
  finishNow(index: number, cycle: number): void
  /**
   * While set, no frame arrives and no packet is handed to a context; what waits then goes on at `cycle` and later.
   * Used to let programs come to their end before they are replaced.
   */
  hold(on: boolean, cycle: number): void
  /** Puts every context into its island's list of idle ones; at reset. */
  allIdle(): void
  take(): PacketRecord[]
  /** Makes room in the ring of records. */
  spill(): void
  /** Lets frames into packet memory that wait in front of it. */
  admitWaiting(cycle: number): void
  /** Frames outside the chip's memory, for snapshots: waiting for packet memory, and not yet arrived. */
  outside(): { readonly waiting: readonly PendingFrame[]; readonly frames: readonly PendingFrame[] }
  setOutside(waiting: readonly PendingFrame[], frames: readonly PendingFrame[]): void
}

export function createPacketPath(
  memory: ChipMemory,
  config: ChipConfig,
  timing: Timing,
  options: ChipOptions,
  wake: (core: number, slot: number, cycle: number) => void,
): PacketPath {
  const { words: H, floats: F, bytes: B, layout } = memory
  const { device } = config
  const counters = layout.counters >> 1
  const { cyclesPerByte, hostCyclesPerByte, hostCyclesPerPacket } = pathSpeeds(device)
  const records = createPacketRecords(memory, options)
  let frames: PendingFrame[] = []
  let head = 0
  let waiting: PendingFrame[] = []
  let waitingHead = 0
  // What `throughMac` found out about the frame at the head of the list.
  const ahead = new Float64Array(3)
  const ARRIVAL = 0
  const WIRE_END = 1
  const MAC_END = 2
  ahead[ARRIVAL] = -1
  let lostOnWire = false
  let lostInMac = false
  // The engine looks at these two.
  const heldAt = layout.engine + ENGINE.held
  const waitingAt = layout.engine + ENGINE.waiting

  const island = (number: number): number => layout.islandBlocks + number * ISLAND.size
  const packetEntry = (index: number): number => layout.packets + index * PKT.size
  const bump = (counter: number, by = 1): void => {
    F[counters + counter]! += by
  }

  function offer(list: readonly TimedFrame[]): void {
    let last = frames.length > head ? frames[frames.length - 1]!.offered : 0
    const now = F[(layout.header + HDR.nowF) >> 1]!
    for (const frame of list) {
      const offered = Math.max(now, Math.ceil((frame.time * device.clockMHz) / 1000))
      if (offered < last) throw new RangeError(`a frame at ${frame.time} ns after one at a later time`)
      if (frame.port < 0 || frame.port >= device.ports)
        throw new RangeError(`a frame for port ${frame.port} of ${device.ports}`)
      last = offered
      frames.push({ number: F[counters + CNT.offered]!, port: frame.port, offered, data: frame.data })
      bump(CNT.offered)
    }
  }

  function nextArrival(): number {
    if (head >= frames.length || H[heldAt] !== 0) return Infinity
    if (ahead[ARRIVAL]! < 0) throughMac(frames[head]!)
    return ahead[ARRIVAL]!
  }

  /** Looks ahead only; `arrive` makes it true. */
  function throughMac(frame: PendingFrame): void {
    const wireTime = (Math.max(60, frame.data.length) + WIRE_OVERHEAD) * cyclesPerByte
    const free = F[counters + CNT.portFree + frame.port]!
    const earliest = F[counters + CNT.lastArrival]!
    ahead[WIRE_END] = Math.max(frame.offered, free) + wireTime
    ahead[MAC_END] = Math.max(ahead[WIRE_END]!, F[counters + CNT.macFree]! + timing.serviceMac)
    lostOnWire = free - frame.offered > WIRE_BACKLOG * wireTime
    lostInMac = !lostOnWire && ahead[MAC_END]! - ahead[WIRE_END]! > CTM.queueDepth * timing.serviceMac
    const end = lostOnWire ? frame.offered : lostInMac ? ahead[WIRE_END]! : ahead[MAC_END]!
    ahead[ARRIVAL] = Math.max(earliest, Math.ceil(end))
  }

  function arrive(): void {
    const cycle = nextArrival()
    const frame = frames[head]!
    shift()
    F[counters + CNT.lastArrival] = cycle
    if (!lostOnWire) F[counters + CNT.portFree + frame.port] = ahead[WIRE_END]!
    if (lostOnWire || lostInMac) {
      records.lose(frame, cycle)
      return
    }
    F[counters + CNT.macFree] = ahead[MAC_END]!
    bump(CNT.received)
    bump(CNT.receivedBytes, frame.data.length)
    if (waiting.length > waitingHead) queueUp(frame, cycle)
    else if (!admit(frame, cycle)) queueUp(frame, cycle)
  }

  /** Takes the frame at the head of the list away. */
  function shift(): void {
    head++
    if (head > 1024 && head * 2 > frames.length) {
      frames = frames.slice(head)
      head = 0
    }
    ahead[ARRIVAL] = -1
  }

  function startNow(core: number, until: number): boolean {
    const frame = frames[head]
    if (!frame || frame.offered >= until) return false
    shift()
    F[counters + CNT.lastArrival] = frame.offered
    bump(CNT.received)
    bump(CNT.receivedBytes, frame.data.length)
    const number = Math.floor(core / layout.workersPerIsland)
    const index = number * PACKETS_PER_ISLAND
    const packet = packetEntry(index)
    const needed = CTM.packetStart + frame.data.length
    H[packet + PKT.port] = frame.port
    H[packet + PKT.length] = frame.data.length
    H[packet + PKT.base] = layout.ctm * 4 + number * CTM.bytes
    H[packet + PKT.blocks] = needed <= 256 ? 1 : needed <= 512 ? 2 : needed <= 1024 ? 4 : 8
    F[(packet + PKT.arrivedF) >> 1] = frame.offered
    F[(packet + PKT.numberF) >> 1] = frame.number
    const room = 8 * CTM.blockBytes - CTM.packetStart
    B.set(room < frame.data.length ? frame.data.subarray(0, room) : frame.data, H[packet + PKT.base]! + CTM.packetStart)
    const tb = layout.cores + core * CORE_WORDS + CORE.contexts
    H[tb + CTX.packet] = index
    H[tb + CTX.packetBase] = H[packet + PKT.base]!
    H[tb + CTX.packetBytes] = H[packet + PKT.blocks]! * CTM.blockBytes
    return true
  }

  function fillInbox(until: number): number {
    let at = layout.inbox
    let count = 0
    for (; head < frames.length; count++) {
      const frame = frames[head]!
      const size = INBOX_FRAME.data + ((frame.data.length + 7) >> 3) * 2
      if (frame.offered >= until || (at + size - layout.inbox) * 4 > layout.inboxBytes) break
      F[(at + INBOX_FRAME.numberF) >> 1] = frame.number
      F[(at + INBOX_FRAME.offeredF) >> 1] = frame.offered
      H[at + INBOX_FRAME.port] = frame.port
      H[at + INBOX_FRAME.length] = frame.data.length
      B.set(frame.data, 4 * (at + INBOX_FRAME.data))
      at += size
      shift()
    }
    H[layout.engine + ENGINE.inbox] = count
    return count
  }

  function finishNow(index: number, cycle: number): void {
    const packet = packetEntry(index)
    const outcome = H[packet + PKT.outcome]!
    if (outcome === OUTCOME.pass) {
      bump(CNT.passed)
      bump(CNT.queues + H[packet + PKT.port]! * 65 + Math.min(H[packet + PKT.queue]!, 64))
    } else bump(outcome === OUTCOME.drop ? CNT.dropped : outcome === OUTCOME.tx ? CNT.transmitted : CNT.aborted)
    records.depart(packet, cycle)
    H[packet + PKT.blocks] = 0
    H[packet + PKT.base] = 0
  }

  function queueUp(frame: PendingFrame, cycle: number): void {
    if (waiting.length - waitingHead >= CTM.queueDepth * device.ports) records.lose(frame, cycle)
    else {
      waiting.push(frame)
      H[waitingAt] = waiting.length - waitingHead
    }
  }

  /** Gives a frame a buffer in the next island that has room, and a context if one is idle there. */
  function admit(frame: PendingFrame, cycle: number): boolean {
    const stage = layout.reorder + frame.port * REORDER.size
    if (((H[stage + REORDER.next]! - H[stage + REORDER.head]!) | 0) >= REORDER.entries) return false
    const needed = CTM.packetStart + frame.data.length
    const blocks = needed <= 256 ? 1 : needed <= 512 ? 2 : needed <= 1024 ? 4 : 8
    const first = H[layout.header + HDR.nextIsland]!
    for (let turn = 0; turn < layout.islands; turn++) {
      const number = (first + turn) % layout.islands
      const start = island(number)
      if (H[start + ISLAND.packets]! >= CTM.packets || H[start + ISLAND.blocks]! + blocks > CTM.nbiBlocks) continue
      const block = findBlocks(start, blocks)
      if (block < 0) continue
      H[layout.header + HDR.nextIsland] = (number + 1) % layout.islands
      const index = takeNumber(number)
      for (let taken = 0; taken < blocks; taken++) H[start + ISLAND.map + block + taken] = 1
      H[start + ISLAND.packets]!++
      H[start + ISLAND.blocks] = H[start + ISLAND.blocks]! + blocks
      const base = layout.ctm * 4 + number * CTM.bytes + block * CTM.blockBytes
      fill(index, frame, cycle, base, blocks)
      handOver(number, index, cycle)
      return true
    }
    return false
  }

  function findBlocks(start: number, blocks: number): number {
    const map = start + ISLAND.map
    const total = CTM.bytes / CTM.blockBytes
    let block = (H[start + ISLAND.nextBlock]! + blocks - 1) & -blocks
    for (let tries = 0; tries < total / blocks; tries++) {
      if (block >= total) block = 0
      let free = true
      for (let index = 0; index < blocks; index++) if (H[map + block + index] !== 0) free = false
      if (free) {
        H[start + ISLAND.nextBlock] = block + blocks
        return block
      }
      block += blocks
    }
    return -1
  }

  /** A free packet number of an island, as index in the packet tables. */
  function takeNumber(number: number): number {
    const at = island(number) + ISLAND.nextNumber
    let candidate = H[at]!
    while (H[packetEntry(number * PACKETS_PER_ISLAND + candidate) + PKT.blocks] !== 0) {
      candidate = (candidate + 1) % PACKETS_PER_ISLAND
    }
    H[at] = (candidate + 1) % PACKETS_PER_ISLAND
    return number * PACKETS_PER_ISLAND + candidate
  }

  function fill(index: number, frame: PendingFrame, cycle: number, base: number, blocks: number): void {
    const packet = packetEntry(index)
    for (let word = 0; word < PKT.size; word++) H[packet + word] = 0
    F[(packet + PKT.arrivedF) >> 1] = cycle
    F[(packet + PKT.numberF) >> 1] = frame.number
    H[packet + PKT.port] = frame.port
    H[packet + PKT.length] = frame.data.length
    H[packet + PKT.base] = base
    H[packet + PKT.blocks] = blocks
    const room = blocks * CTM.blockBytes - CTM.packetStart
    B.set(room < frame.data.length ? frame.data.subarray(0, room) : frame.data, base + CTM.packetStart)
    const stage = layout.reorder + frame.port * REORDER.size
    const sequence = H[stage + REORDER.next]!
    H[stage + REORDER.next] = sequence + 1
    H[stage + REORDER.ring + (sequence & (REORDER.entries - 1))] = index + 1
    H[packet + PKT.sequence] = sequence & (REORDER.entries - 1)
  }

  /** Gives packet `index` to an idle context of the island, or lets it wait for one. */
  function handOver(number: number, index: number, cycle: number): void {
    const start = island(number)
    if (H[heldAt] === 0 && H[start + ISLAND.idleHead] !== H[start + ISLAND.idleTail]) {
      const at = H[start + ISLAND.idleHead]!
      H[start + ISLAND.idleHead] = at + 1
      const context = H[start + ISLAND.idle + (at & (ISLAND.idleRing - 1))]!
      assign(context >> 2, context & 3, index, cycle)
      return
    }
    const at = H[start + ISLAND.waitTail]!
    H[start + ISLAND.waitTail] = at + 1
    H[start + ISLAND.wait + (at & (ISLAND.waitRing - 1))] = index
  }

  function assign(core: number, slot: number, index: number, cycle: number): void {
    const tb = layout.cores + core * CORE_WORDS + CORE.contexts + slot * CTX.size
    const packet = packetEntry(index)
    H[tb + CTX.packet] = index
    H[tb + CTX.packetBase] = H[packet + PKT.base]!
    H[tb + CTX.packetBytes] = H[packet + PKT.blocks]! * CTM.blockBytes
    H[tb + CTX.state] = STATE.waiting
    // In the quantum model a context may be free before the packet that it gets has arrived.
    wake(core, slot, Math.max(cycle, F[(packet + PKT.arrivedF) >> 1]!) + timing.packetDispatch)
  }

  function done(core: number, slot: number, index: number, cycle: number): void {
    const packet = packetEntry(index)
    const outcome = H[packet + PKT.outcome]!
    const port = H[packet + PKT.port]!
    H[packet + PKT.done] = 1
    F[(packet + PKT.doneF) >> 1] = cycle
    const stage = layout.reorder + port * REORDER.size
    if (outcome === OUTCOME.drop || outcome === OUTCOME.aborted) {
      bump(outcome === OUTCOME.drop ? CNT.dropped : CNT.aborted)
      records.depart(packet, cycle)
      H[stage + REORDER.ring + H[packet + PKT.sequence]!] = -1
      giveBack(index, cycle)
    }
    releaseInOrder(stage, port, cycle)
    if (waitingHead < waiting.length) admitWaiting(cycle)
    becomeIdle(core, slot, cycle)
  }

  /** Lets packets leave whose predecessors have all left; dropped ones only hold their place. */
  function releaseInOrder(stage: number, port: number, cycle: number): void {
    for (;;) {
      const sequence = H[stage + REORDER.head]!
      if (sequence === H[stage + REORDER.next]) return
      const entry = H[stage + REORDER.ring + (sequence & (REORDER.entries - 1))]!
      if (entry > 0) {
        const packet = packetEntry(entry - 1)
        if (H[packet + PKT.done] === 0) return
        const gro = counters + CNT.groFree + port
        const ordered = Math.max(cycle, F[gro]!) + timing.serviceGro
        F[gro] = ordered
        leave(packet, port, ordered)
        giveBack(entry - 1, cycle)
      }
      H[stage + REORDER.head] = sequence + 1
    }
  }

  /** PASS to the host through PCIe, TX back to the wire of its port. */
  function leave(packet: number, port: number, cycle: number): void {
    const length = H[packet + PKT.dataLength]!
    if (H[packet + PKT.outcome] === OUTCOME.pass) {
      bump(CNT.passed)
      const queue = Math.min(H[packet + PKT.queue]!, 64)
      bump(CNT.queues + port * 65 + queue)
      const pcie = counters + CNT.pcieFree
      const end = Math.max(cycle, F[pcie]!) + Math.max(hostCyclesPerPacket, (length + 34) * hostCyclesPerByte)
      F[pcie] = end
      records.depart(packet, Math.ceil(end + timing.egressHost))
    } else {
      bump(CNT.transmitted)
      const wire = counters + CNT.txFree + port
      const end = Math.max(cycle, F[wire]!) + (Math.max(60, length) + WIRE_OVERHEAD) * cyclesPerByte
      F[wire] = end
      records.depart(packet, Math.ceil(end + timing.egressWire))
    }
  }

  /** Frees a packet's number and buffer, and lets frames in that waited for one. */
  function giveBack(index: number, cycle: number): void {
    const packet = packetEntry(index)
    const number = index >> PACKET_BITS
    const start = island(number)
    const blocks = H[packet + PKT.blocks]!
    const block = (H[packet + PKT.base]! - layout.ctm * 4 - number * CTM.bytes) / CTM.blockBytes
    for (let freed = 0; freed < blocks; freed++) H[start + ISLAND.map + block + freed] = 0
    H[start + ISLAND.packets]!--
    H[start + ISLAND.blocks] = H[start + ISLAND.blocks]! - blocks
    H[packet + PKT.blocks] = 0
    H[packet + PKT.base] = 0
    admitWaiting(cycle)
  }

  function admitWaiting(cycle: number): void {
    if (H[heldAt] !== 0) return
    while (waitingHead < waiting.length && admit(waiting[waitingHead]!, cycle)) waitingHead++
    if (waitingHead > 1024) {
      waiting = waiting.slice(waitingHead)
      waitingHead = 0
    }
    if (waitingHead === waiting.length && waitingHead > 0) {
      waiting = []
      waitingHead = 0
    }
    H[waitingAt] = waiting.length - waitingHead
  }

  function becomeIdle(core: number, slot: number, cycle: number): void {
    const start = island(Math.floor(core / layout.workersPerIsland))
    const at = H[start + ISLAND.waitHead]!
    if (H[heldAt] === 0 && at !== H[start + ISLAND.waitTail]) {
      H[start + ISLAND.waitHead] = at + 1
      assign(core, slot, H[start + ISLAND.wait + (at & (ISLAND.waitRing - 1))]!, cycle)
      return
    }
    const tail = H[start + ISLAND.idleTail]!
    H[start + ISLAND.idleTail] = tail + 1
    H[start + ISLAND.idle + (tail & (ISLAND.idleRing - 1))] = (core << 2) | slot
  }

  function hold(on: boolean, cycle: number): void {
    H[heldAt] = on ? 1 : 0
    if (on) return
    F[counters + CNT.lastArrival] = Math.max(F[counters + CNT.lastArrival]!, cycle)
    ahead[ARRIVAL] = -1
    for (let number = 0; number < layout.islands; number++) {
      const start = island(number)
      while (H[start + ISLAND.waitHead] !== H[start + ISLAND.waitTail]) {
        if (H[start + ISLAND.idleHead] === H[start + ISLAND.idleTail]) break
        const at = H[start + ISLAND.waitHead]!
        H[start + ISLAND.waitHead] = at + 1
        handOver(number, H[start + ISLAND.wait + (at & (ISLAND.waitRing - 1))]!, cycle)
      }
    }
    admitWaiting(cycle)
  }

  function allIdle(): void {
    for (let slot = 0; slot < 4; slot++) {
      for (let core = 0; core < layout.coreCount; core++) becomeIdle(core, slot, 0)
    }
  }

  return {
    offer,
    pending: () => frames.length - head,
    nextArrival,
    arrive,
    startNow,
    fillInbox,
    spill: records.spill,
    admitWaiting,
    finishNow,
    hold,
    done,
    allIdle,
    take: records.take,
    outside: () => ({ waiting: waiting.slice(waitingHead), frames: frames.slice(head) }),
    setOutside: (w, f) => {
      records.forget()
      waiting = [...w]
      waitingHead = 0
      H[waitingAt] = waiting.length
      frames = [...f]
      head = 0
      ahead[ARRIVAL] = -1
    },
  }
}
