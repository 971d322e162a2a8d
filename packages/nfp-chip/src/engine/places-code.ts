/** Where a 40-bit address lies in the chip's memory, in WebAssembly: what emem.ts does when it only looks. */
import { choose, int } from '@offload/wasm'
import type { FunctionReference, Int, ModuleBuilder } from '@offload/wasm'
import { CTM, MEMORY_MAP } from '../constants'
import { BUCKET, MAPS, PACKETS_PER_ISLAND, PKT } from '../layout'
import type { Layout } from '../layout'

export interface PlacesCode {
  /** (number): address of a bucket, -1 when it does not exist. */
  readonly findBucket: FunctionReference<readonly ['int']>
  /** (lo, hi, island of the asking core, bytes): address, or -1. */
  readonly resolve: FunctionReference<readonly ['int', 'int', 'int', 'int']>
}

export function definePlaces(
  module: ModuleBuilder,
  layout: Layout,
  makeBucket: FunctionReference<readonly ['int']>,
): PlacesCode {
  const bucketBytes = 4 * layout.bucketWords
  const entryBytes = 4 * layout.entryWords
  const tail = layout.entryWords

  const findBucket = module.define('findBucket', ['int'], 'int', (f, number) => {
    const place = f.int(number.mul(0x9e3779b1 | 0).shr(8))
    const bucket = f.int()
    f.loop((_leave, again) => {
      place.set(place.and(layout.indexSize - 1))
      bucket.set(place.shl(2).word(layout.index))
      f.when(bucket.eqz(), () => f.return(-1))
      bucket.set(
        bucket
          .sub(1)
          .mul(bucketBytes)
          .add(4 * layout.buckets),
      )
      f.when(bucket.word(tail + BUCKET.number).eq(number), () => f.return(bucket))
      place.increase(1)
      again()
    })
  })

  const resolve = module.define('resolve', ['int', 'int', 'int', 'int'], 'int', (f, lo, hi, island, bytes) => {
    const unit = f.int(hi.and(63))
    f.when(unit.eq(MEMORY_MAP.ememIsland), () => {
      f.when(lo.geu(MEMORY_MAP.scratch), () => {
        const offset = lo.sub(MEMORY_MAP.scratch)
        f.when(offset.geu(MEMORY_MAP.scratchBytes), () => f.return(-1))
        f.when(offset.add(bytes).gtu(MEMORY_MAP.scratchBytes), () => f.return(-1))
        f.return(offset.add(4 * layout.scratch))
      })
      f.when(lo.geu(MEMORY_MAP.locks), () => {
        const number = f.int(lo.sub(MEMORY_MAP.locks).shr(3))
        f.when(number.shr(layout.bucketBits), () => f.return(-1))
        const bucket = f.int(findBucket.int(number))
        f.when(bucket.lt(0), () => {
          bucket.set(makeBucket.int(number))
          f.when(bucket.lt(0), () => f.return(-1))
        })
        f.return(bucket.add(lo.and(7)).add(4 * (tail + BUCKET.lock)))
      })
      f.when(lo.geu(MEMORY_MAP.pool), () => {
        f.when(lo.sub(MEMORY_MAP.pool).geu(layout.poolSlots * entryBytes), () => f.return(-1))
        f.return(lo.sub(MEMORY_MAP.pool).add(4 * layout.pool))
      })
      const bucket = f.int(findBucket.int(lo.shr(layout.bucketShift)))
      const offset = f.int(lo.and((1 << layout.bucketShift) - 1))
      f.when(bucket.lt(0).or(offset.add(bytes).gt(4 * (tail + 16))), () => f.return(-1))
      f.return(bucket.add(offset))
    })
    f.when(unit.eq(MEMORY_MAP.imemIsland), () => {
      const size = MAPS.count * MAPS.words * 4
      f.when(lo.geu(size), () => f.return(-1))
      f.when(lo.add(bytes).gtu(size), () => f.return(-1))
      f.return(lo.add(4 * layout.maps))
    })
    const number = f.int(choose(hi.eqz(), island, unit.sub(MEMORY_MAP.firstWorkerIsland)))
    f.when(number.geu(layout.islands), () => f.return(-1))
    const start = f.int(number.mul(CTM.bytes).add(4 * layout.ctm))
    f.when(lo.ge(0), () => f.return(start.add(lo.and(CTM.bytes - 1))))
    const packet = number
      .mul(PACKETS_PER_ISLAND)
      .add(lo.shr(16).and(0xff))
      .mul(4 * PKT.size)
    const base = f.int(packet.add(4 * layout.packets).word(PKT.base))
    f.when(base.eqz(), () => f.return(-1))
    f.return(
      start.add(
        base
          .sub(start)
          .add(lo.and(0x1fff))
          .and(CTM.bytes - 1),
      ),
    )
  })
  return { findBucket, resolve }
}

/** Whether a lock word, which atomics see big-endian, has a bit that is given in the card's order. */
export const swapBits = (bits: number): number =>
  (bits << 24) | ((bits & 0xff00) << 8) | ((bits >>> 8) & 0xff00) | (bits >>> 24)

export const lockOf = (layout: Layout, bucket: Int): Int => int(bucket).word(layout.entryWords + BUCKET.lock)
export const ownerOf = (layout: Layout, bucket: Int): Int => int(bucket).word(layout.entryWords + BUCKET.owner)
