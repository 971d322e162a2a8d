/**
 * Map helpers of the functional model in WebAssembly: lookups, and updates of what is there, as direct-helpers.ts does
 * them. Overflow entries, inserts, deletes and perf events are left to that file.
 */
import type { ModuleBuilder } from '@offload/wasm'
import type { ChipConfig } from '../api'
import { LOCK_VALID } from '../emem'
import { CORE, CTX, ENGINE, MAPS } from '../layout'
import type { Layout } from '../layout'
import { FLAG, TABLE_HI } from '../map-steps'
import { at } from './addresses'
import type { CommandsCode } from './commands-code'
import type { HashCode } from './hash-code'
import { HELPER } from './map-helper-code'
import type { MapHelperCode } from './map-helper-code'
import { lockOf, ownerOf, swapBits } from './places-code'
import type { PlacesCode } from './places-code'

/** (core, core block, context block, slot) */
const PLACE = ['int', 'int', 'int', 'int'] as const

export function defineDirectHelpers(
  module: ModuleBuilder,
  layout: Layout,
  { firmware }: ChipConfig,
  { takeOver }: Pick<CommandsCode, 'takeOver'>,
  { hashKey }: HashCode,
  { findBucket }: PlacesCode,
): MapHelperCode {
  const { helpers } = firmware
  const returns = module.define('directReturns', ['int', 'int', 'int'], 'int', (f, tb, lo, hi) => {
    const back = f.int(tb.word(CTX.gprB).and(0x3fff))
    f.put(tb, CTX.gprA, lo)
    f.put(tb, CTX.gprA + 1, hi)
    f.put(tb, CTX.gprB, lo)
    f.put(tb, CTX.gprB + 1, hi)
    f.put(tb, CTX.pc, back)
    f.return(HELPER.goesOn)
  })

  const call = module.define('directCall', PLACE, 'int', (f, _core, cb, tb, _slot) => {
    const elsewhere = (): void => f.return(HELPER.elsewhere)
    const pc = f.int(tb.word(CTX.pc))
    const lookup = f.int(pc.eq(helpers.lookup))
    f.when(lookup.or(pc.eq(helpers.update)).eqz(), elsewhere)
    const id = f.int(tb.word(CTX.gprA))
    f.when(id.sub(1).geu(128), elsewhere)
    const descriptor = f.int(id.shl(6).add(4 * layout.maps))
    const type = f.int(descriptor.word(MAPS.type))
    f.when(type.eqz(), elsewhere)
    f.when(tb.word(CTX.lmPending), () => takeOver.do(f, tb, 0x7fffffff))
    const count = f.int(descriptor.word(MAPS.shape).shr(16))
    const key = f.int(
      tb
        .word(CTX.lmPointer)
        .and(0xffc)
        .add(cb)
        .add(4 * CORE.lm),
    )
    const mask = f.int(descriptor.word(MAPS.keyMask))
    const last = f.int(count.sub(1).shl(2).add(key))
    f.put(last, 0, last.word().and(mask))
    hashKey.do(f, key, count, id, mask)
    const number = f.int(
      at(layout.engine)
        .word(ENGINE.hash0)
        .and((1 << layout.bucketBits) - 1),
    )
    const bucket = f.int(findBucket.int(number))
    f.when(bucket.lt(0), () => {
      // Nothing was ever written there; an array of the shipping firmware has the entry all the same.
      f.when(lookup.eqz().or(firmware.arraysPreset ? type.eq(2) : type.eqz()), elsewhere)
      f.return(returns.int(tb, 0, 0))
    })
    const owned = lockOf(layout, bucket).and(swapBits(LOCK_VALID)).ne(0).and(ownerOf(layout, bucket).eq(id.swapped()))
    const word = f.int(0)
    f.when(owned.eqz(), elsewhere)
    f.count(word, count, () => {
      f.when(word.shl(2).add(bucket).word().ne(word.shl(2).add(key).word()), elsewhere)
    })
    f.when(lookup, () => {
      const lo = number.shl(layout.bucketShift).add(descriptor.word(MAPS.valueOffset))
      f.return(returns.int(tb, lo, TABLE_HI))
    })
    const flags = tb.word(CTX.gprA + 8)
    f.when(flags.eq(FLAG.noExist).or(flags.gtu(FLAG.exist)), elsewhere)
    if (firmware.arraysPreset) f.when(type.eq(2).and(key.word().geu(descriptor.word(MAPS.maxEntries))), elsewhere)
    const value = tb
      .word(CTX.lmPointer + 2)
      .and(0xffc)
      .add(cb)
      .add(4 * CORE.lm)
    f.copyBytes(bucket.add(descriptor.word(MAPS.valueOffset)), value, descriptor.word(MAPS.valueSize))
    f.return(returns.int(tb, 0, 0))
  })
  const step = module.define('directStep', PLACE, 'int', (f) => f.return(HELPER.elsewhere))
  return { call, step }
}
