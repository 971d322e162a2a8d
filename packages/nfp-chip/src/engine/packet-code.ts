/**
 * A packet's way out in WebAssembly: reorder stage, departure, record and its hash, the buffer given back, the context
 * idle again. It is packet-path.ts from `done` on; frames that wait in front of packet memory stay with that file.
 */
import { choose, chooseFloat, float, int } from '@offload/wasm'
import type { Float, FunctionReference, Int, ModuleBuilder } from '@offload/wasm'
import type { ChipConfig } from '../api'
import { CTM, WIRE_OVERHEAD } from '../constants'
import { CNT, CTX, ENGINE, ISLAND, PACKET_BITS, PKT, REORDER, STATE } from '../layout'
import type { ChipOptions, Layout } from '../layout'
import { pathSpeeds } from '../packet-path'
import { HASH_PRIME, RECORD } from '../packet-records'
import { OUTCOME } from '../services'
import type { Timing } from '../timing'
import { at, contextBlock, coreBlock, islandOf, packetBlock } from './addresses'

export interface PacketImports {
  /** Makes room in the ring of records. */
  readonly spill: FunctionReference<readonly []>
  /** (cycle): lets frames into packet memory that wait in front of it. */
  readonly admitWaiting: FunctionReference<readonly ['float']>
}

export interface PacketCode {
  /** (core, slot, index, cycle): see `PacketPath.done`. */
  readonly done: FunctionReference<readonly ['int', 'int', 'int', 'float']>
  /** (index, cycle): see `PacketPath.finishNow`. */
  readonly finishNow: FunctionReference<readonly ['int', 'float']>
}

export function definePackets(
  module: ModuleBuilder,
  layout: Layout,
  config: ChipConfig,
  timing: Timing,
  options: ChipOptions,
  imports: PacketImports,
  wake: FunctionReference<readonly ['int', 'int', 'float']>,
): PacketCode {
  const engine = at(layout.engine)
  const counters = at(layout.counters)
  const counter = (number: number): number => 2 * number
  const { cyclesPerByte, hostCyclesPerByte, hostCyclesPerPacket } = pathSpeeds(config.device)
  const snapLength = options.snapLength ?? 0xffff
  const keep = options.whenFull !== 'overwrite'
  const capacity = layout.recordBytes
  const headerBytes = 8 * RECORD.size
  const readAt = counter(CNT.recordRead)
  const writeAt = counter(CNT.recordWrite)
  const records = at(layout.records)
  const field = (number: number): number => 2 * number

  /** A position in the ring as offset. */
  const within = (position: Float): Int =>
    position
      .sub(
        position
          .mul(float(1 / capacity))
          .floor()
          .mul(float(capacity)),
      )
      .toInt()

  /** Begins a record with `kept` bytes of data; its address. */
  const append = module.define('appendRecord', ['int'], 'int', (f, kept) => {
    const size = f.int(kept.add(7).and(-8).add(headerBytes))
    const position = f.float(counters.float(writeAt))
    const rest = f.int(int(capacity).sub(within(position)))
    const taken = f.int(choose(rest.lt(size), rest.add(size), size))
    const oldest = f.float(counters.float(readAt))
    const length = f.float()
    f.loop((leave, again) => {
      f.when(position.sub(oldest).add(taken.toFloat()).le(float(capacity)), leave)
      if (keep) {
        imports.spill.do(f)
        oldest.set(counters.float(readAt))
        f.when(position.sub(oldest).add(taken.toFloat()).le(float(capacity)), leave)
      }
      length.set(records.add(within(oldest)).float())
      f.when(
        length.eq(float(0)),
        () => oldest.set(oldest.add(int(capacity).sub(within(oldest)).toFloat())),
        () => {
          f.bumpFloat(counters, counter(CNT.recordsOverwritten), float(1))
          oldest.set(oldest.add(length))
        },
      )
      again()
    })
    f.putFloat(counters, readAt, oldest)
    f.when(rest.lt(size), () => {
      f.putFloat(records.add(within(position)), 0, float(0))
      position.set(position.add(rest.toFloat()))
    })
    const place = f.int(records.add(within(position)))
    f.putFloat(place, 0, size.toFloat())
    f.putFloat(counters, writeAt, position.add(size.toFloat()))
    f.return(place)
  })

  const hashRecord = module.define(
    'hashRecord',
    ['int', 'int', 'int', 'int'],
    undefined,
    (f, place, packet, data, length) => {
      const low = f.int(counters.float(counter(CNT.recordHashLo)).toInt())
      const high = f.int(counters.float(counter(CNT.recordHashHi)).toInt())
      const value = f.int()
      const fold = (): void => {
        low.set(low.xor(value).mul(HASH_PRIME.low))
        high.set(
          high
            .xor(value)
            .mul(HASH_PRIME.high | 0)
            .xor(high.shr(13)),
        )
      }
      for (let word = field(RECORD.number); word < field(RECORD.port); word++) {
        value.set(place.word(word))
        fold()
      }
      const where = packet.word(PKT.core).or(packet.word(PKT.context).shl(8)).or(packet.word(PKT.port).shl(16))
      low.set(low.xor(where).mul(HASH_PRIME.low).xor(packet.word(PKT.exitCode)))
      const fate = packet.word(PKT.outcome).or(packet.word(PKT.queue).shl(8)).or(length.shl(16))
      high.set(
        high
          .xor(fate)
          .mul(HASH_PRIME.high | 0)
          .xor(packet.word(PKT.words)),
      )
      const end = f.int(data.add(length))
      f.loop((leave) => {
        f.when(data.add(4).gtu(end), leave)
        value.set(data.looseWord())
        fold()
        data.increase(4)
      })
      f.when(data.ltu(end), () => {
        value.set(data.looseWord().and(int(1).shl(end.sub(data).shl(3)).sub(1)))
        fold()
      })
      f.putFloat(counters, counter(CNT.recordHashLo), low.toFloat())
      f.putFloat(counters, counter(CNT.recordHashHi), high.toFloat())
    },
  )

  const depart = module.define('depart', ['int', 'float'], undefined, (f, packet, cycle) => {
    const length = f.int(packet.word(PKT.dataLength))
    const kept = f.int(choose(length.lt(snapLength), length, snapLength))
    const place = f.int(append.int(kept))
    f.putFloat(place, field(RECORD.number), packet.float(PKT.numberF))
    f.putFloat(place, field(RECORD.arrived), packet.float(PKT.arrivedF))
    f.putFloat(place, field(RECORD.departed), cycle)
    f.putFloat(place, field(RECORD.started), packet.float(PKT.startedF))
    f.putFloat(place, field(RECORD.length), kept.toFloat())
    for (const [to, from] of [
      [RECORD.port, PKT.port],
      [RECORD.outcome, PKT.outcome],
      [RECORD.core, PKT.core],
      [RECORD.context, PKT.context],
      [RECORD.queue, PKT.queue],
      [RECORD.exitCode, PKT.exitCode],
      [RECORD.words, PKT.words],
    ] as const) {
      f.putFloat(place, field(to), packet.word(from).toFloat())
    }
    const value = packet.word(PKT.returnValue)
    f.putFloat(place, field(RECORD.returnValue), value.unsignedFloat())
    const from = f.int(packet.word(PKT.base).add(packet.word(PKT.dataOffset)))
    f.when(kept, () => f.copyBytes(place.add(headerBytes), from, kept))
    hashRecord.do(f, place, packet, from, length)
  })

  const giveBack = module.define('giveBack', ['int', 'float'], undefined, (f, index, cycle) => {
    const packet = f.int(packetBlock(layout, index))
    const number = f.int(index.shr(PACKET_BITS))
    const island = f.int(number.mul(4 * ISLAND.size).add(4 * layout.islandBlocks))
    const blocks = f.int(packet.word(PKT.blocks))
    const first = packet
      .word(PKT.base)
      .sub(number.mul(CTM.bytes).add(4 * layout.ctm))
      .div(CTM.blockBytes)
    const place = f.int(first.shl(2).add(island))
    const freed = f.int(0)
    f.count(freed, blocks, () => f.put(freed.shl(2).add(place), ISLAND.map, 0))
    f.bump(island, ISLAND.packets, -1)
    f.put(island, ISLAND.blocks, island.word(ISLAND.blocks).sub(blocks))
    f.put(packet, PKT.blocks, 0)
    f.put(packet, PKT.base, 0)
    f.when(engine.word(ENGINE.waiting), () => imports.admitWaiting.do(f, cycle))
  })

  /** Counts of packets for the host, in all and for the queue. */
  const countPass = (f: { bumpFloat(a: Int, w: number, by: Float): void }, packet: Int, port: Int): void => {
    f.bumpFloat(counters, counter(CNT.passed), float(1))
    const queue = packet.word(PKT.queue)
    const place = port.mul(65).add(choose(queue.gt(64), 64, packet.word(PKT.queue)))
    f.bumpFloat(place.shl(3).add(counters), counter(CNT.queues), float(1))
  }

  const leave = module.define('leave', ['int', 'int', 'float'], undefined, (f, packet, port, cycle) => {
    const length = f.int(packet.word(PKT.dataLength))
    const end = f.float()
    const other = f.float()
    const later = (free: Float): void => {
      end.set(free)
      end.set(chooseFloat(end.gt(cycle), end, cycle))
    }
    f.when(
      packet.word(PKT.outcome).eq(OUTCOME.pass),
      () => {
        countPass(f, packet, port)
        later(counters.float(counter(CNT.pcieFree)))
        other.set(length.add(34).toFloat().mul(float(hostCyclesPerByte)))
        end.set(end.add(chooseFloat(other.gt(float(hostCyclesPerPacket)), other, float(hostCyclesPerPacket))))
        f.putFloat(counters, counter(CNT.pcieFree), end)
        depart.do(f, packet, end.add(float(timing.egressHost)).ceil())
      },
      () => {
        f.bumpFloat(counters, counter(CNT.transmitted), float(1))
        const wire = f.int(port.shl(3).add(counters))
        later(wire.float(counter(CNT.txFree)))
        const bytes = choose(length.gt(60), length, 60).add(WIRE_OVERHEAD)
        end.set(end.add(bytes.toFloat().mul(float(cyclesPerByte))))
        f.putFloat(wire, counter(CNT.txFree), end)
        depart.do(f, packet, end.add(float(timing.egressWire)).ceil())
      },
    )
  })

  const releaseInOrder = module.define(
    'releaseInOrder',
    ['int', 'int', 'float'],
    undefined,
    (f, stage, port, cycle) => {
      const sequence = f.int()
      const entry = f.int()
      const packet = f.int()
      const ordered = f.float()
      f.loop((_leave, again) => {
        sequence.set(stage.word(REORDER.head))
        f.when(sequence.eq(stage.word(REORDER.next)), () => f.return())
        entry.set(
          sequence
            .and(REORDER.entries - 1)
            .shl(2)
            .add(stage)
            .word(REORDER.ring),
        )
        f.when(entry.gt(0), () => {
          packet.set(packetBlock(layout, entry.sub(1)))
          f.when(packet.word(PKT.done).eqz(), () => f.return())
          const gro = f.int(port.shl(3).add(counters))
          ordered.set(gro.float(counter(CNT.groFree)))
          ordered.set(chooseFloat(ordered.gt(cycle), ordered, cycle).add(float(timing.serviceGro)))
          f.putFloat(gro, counter(CNT.groFree), ordered)
          leave.do(f, packet, port, ordered)
          giveBack.do(f, entry.sub(1), cycle)
        })
        f.put(stage, REORDER.head, sequence.add(1))
        again()
      })
    },
  )

  const becomeIdle = module.define('becomeIdle', ['int', 'int', 'float'], undefined, (f, core, slot, cycle) => {
    const island = f.int(
      islandOf(layout, core)
        .mul(4 * ISLAND.size)
        .add(4 * layout.islandBlocks),
    )
    const head = f.int(island.word(ISLAND.waitHead))
    f.when(head.ne(island.word(ISLAND.waitTail)).and(engine.word(ENGINE.held).eqz()), () => {
      f.put(island, ISLAND.waitHead, head.add(1))
      const index = f.int(
        head
          .and(ISLAND.waitRing - 1)
          .shl(2)
          .add(island)
          .word(ISLAND.wait),
      )
      const tb = f.int(contextBlock(coreBlock(layout, core), slot))
      const packet = f.int(packetBlock(layout, index))
      f.put(tb, CTX.packet, index)
      f.put(tb, CTX.packetBase, packet.word(PKT.base))
      f.put(tb, CTX.packetBytes, packet.word(PKT.blocks).mul(CTM.blockBytes))
      f.put(tb, CTX.state, STATE.waiting)
      const start = f.float(packet.float(PKT.arrivedF))
      wake.do(f, core, slot, chooseFloat(start.gt(cycle), start, cycle).add(float(timing.packetDispatch)))
      f.return()
    })
    const tail = f.int(island.word(ISLAND.idleTail))
    f.put(island, ISLAND.idleTail, tail.add(1))
    f.put(
      tail
        .and(ISLAND.idleRing - 1)
        .shl(2)
        .add(island),
      ISLAND.idle,
      core.shl(2).or(slot),
    )
  })

  const done = module.define('done', ['int', 'int', 'int', 'float'], undefined, (f, core, slot, index, cycle) => {
    const packet = f.int(packetBlock(layout, index))
    const outcome = f.int(packet.word(PKT.outcome))
    const port = f.int(packet.word(PKT.port))
    f.put(packet, PKT.done, 1)
    f.putFloat(packet, PKT.doneF, cycle)
    const stage = f.int(port.mul(4 * REORDER.size).add(4 * layout.reorder))
    f.when(outcome.eq(OUTCOME.drop).or(outcome.eq(OUTCOME.aborted)), () => {
      const which = choose(outcome.eq(OUTCOME.drop), CNT.dropped, CNT.aborted)
      f.bumpFloat(f.int(which.shl(3).add(counters)), 0, float(1))
      depart.do(f, packet, cycle)
      f.put(packet.word(PKT.sequence).shl(2).add(stage), REORDER.ring, -1)
      giveBack.do(f, index, cycle)
    })
    releaseInOrder.do(f, stage, port, cycle)
    f.when(engine.word(ENGINE.waiting), () => imports.admitWaiting.do(f, cycle))
    becomeIdle.do(f, core, slot, cycle)
  })

  const finishNow = module.define('finishNow', ['int', 'float'], undefined, (f, index, cycle) => {
    const packet = f.int(packetBlock(layout, index))
    const outcome = f.int(packet.word(PKT.outcome))
    f.when(
      outcome.eq(OUTCOME.pass),
      () => countPass(f, packet, packet.word(PKT.port)),
      () => {
        const which = choose(
          outcome.eq(OUTCOME.drop),
          CNT.dropped,
          choose(outcome.eq(OUTCOME.tx), CNT.transmitted, CNT.aborted),
        )
        f.bumpFloat(f.int(which.shl(3).add(counters)), 0, float(1))
      },
    )
    depart.do(f, packet, cycle)
    f.put(packet, PKT.blocks, 0)
    f.put(packet, PKT.base, 0)
  })
  return { done, finishNow }
}
