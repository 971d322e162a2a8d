/** CRC-32, the hash of map keys, header parse and receive hash in WebAssembly: crc32.ts, map-hash.ts and rss.ts. */
import { choose, int } from '@offload/wasm'
import type { FunctionReference, Int, ModuleBuilder } from '@offload/wasm'
import { ENGINE } from '../layout'
import type { Layout } from '../layout'
import { PROTOCOL, RSS_KEY } from '../rss'
import { at } from './addresses'

export interface HashCode {
  /** (address of the key words, their number, map, mask of the last): hashes to `ENGINE.hash0` and `hash1`. */
  readonly hashKey: FunctionReference<readonly ['int', 'int', 'int', 'int']>
  /** (address of the packet, bytes): what `parseHeaders` gives. */
  readonly parse: FunctionReference<readonly ['int', 'int']>
  /** (address of the packet, parse): the receive hash. */
  readonly rssHash: FunctionReference<readonly ['int', 'int']>
}

export function defineHashes(module: ModuleBuilder, layout: Layout): HashCode {
  const engine = at(layout.engine)
  const crcWord = module.define('crcWord', ['int', 'int'], 'int', (f, remainder, word) => {
    const mixed = f.int(remainder.xor(word))
    const part = (place: number): Int =>
      mixed
        .shr(8 * place)
        .and(0xff)
        .shl(2)
        .word(layout.engine + ENGINE.crc + 256 * place)
    f.return(
      part(3)
        .xor(part(2))
        .xor(part(1).xor(part(0))),
    )
  })

  const hashKey = module.define('hashKey', ['int', 'int', 'int', 'int'], undefined, (f, key, count, map, mask) => {
    const pad = (index: Int | number): Int =>
      int(index)
        .shl(2)
        .word(layout.engine + ENGINE.pad)
    const s0 = f.int(map.xor(pad(0)))
    const s1 = f.int(mask.xor(pad(1)))
    const r = f.int(crcWord.int(count, s0))
    const carry = f.int()
    const round = f.int()
    const even = f.int()
    const x = f.int()
    const y = f.int()
    const sum = f.long()
    f.count(round, count.sub(1), () => {
      even.set(int(38).sub(count).add(round).and(1).eqz())
      x.set(choose(even, s0, s1))
      y.set(choose(even, s1, s0))
      sum.set(
        x
          .toLong()
          .add(key.add(round.shl(2)).word().toLong())
          .add(carry.toLong()),
      )
      carry.set(sum.high())
      x.set(sum.low())
      r.set(crcWord.int(r, x))
      x.set(x.rotr(y.and(31)))
      y.set(y.xor(pad(round.add(2))))
      s0.set(choose(even, x, y))
      s1.set(choose(even, y, x))
    })
    const last = key.add(count.sub(1).shl(2)).word().and(mask)
    s1.set(
      s1
        .add(last)
        .add(carry)
        .xor(pad(count.add(1))),
    )
    r.set(crcWord.int(r, s1))
    f.put(engine, ENGINE.hash0, r)
    f.put(engine, ENGINE.hash1, r.xor(s0.toLong().mul(s1.toLong()).high()))
  })

  const parse = module.define('parseHeaders', ['int', 'int'], 'int', (f, packet, length) => {
    const half = (place: Int): Int => place.byte().shl(8).or(place.byte(1))
    const type = f.int(12)
    const tags = f.int(0)
    const kind = f.int()
    f.loop((leave) => {
      f.when(type.add(2).gt(length), () => f.return(PROTOCOL.unknown))
      kind.set(half(packet.add(type)))
      f.when(kind.ne(0x8100).and(kind.ne(0x88a8)).or(tags.ge(2)), leave)
      type.increase(4)
      tags.increase(1)
    })
    const l3 = f.int(type.add(2))
    const start = f.int(packet.add(l3))
    const l4 = f.int()
    const protocol = f.int()
    const offsets = l3.shl(8).or(l4.shl(16))
    const ported = protocol.eq(6).or(protocol.eq(17)).and(l4.add(4).le(length))
    f.when(kind.eq(0x0800).and(l3.add(20).le(length)), () => {
      const header = f.int(start.byte().and(15).shl(2))
      l4.set(l3.add(header))
      f.when(start.byte().shr(4).ne(4).or(header.lt(20)), () => f.return(PROTOCOL.unknown))
      f.when(half(start.add(6)).and(0x3fff), () => f.return(offsets.or(PROTOCOL.ipv4Fragment)))
      protocol.set(start.byte(9))
      f.when(ported, () => f.return(offsets.or(choose(protocol.eq(6), PROTOCOL.ipv4Tcp, PROTOCOL.ipv4Udp))))
      f.return(offsets.or(PROTOCOL.ipv4Other))
    })
    f.when(kind.eq(0x86dd).and(l3.add(40).le(length)), () => {
      protocol.set(start.byte(6))
      l4.set(l3.add(40))
      const headers = f.int(0)
      f.count(headers, 4, (leave) => {
        f.when(protocol.eq(0).or(protocol.eq(43)).or(protocol.eq(60)).eqz(), leave)
        f.when(l4.add(8).gt(length), leave)
        const extension = f.int(packet.add(l4))
        protocol.set(extension.byte())
        l4.increase(extension.byte(1).add(1).shl(3))
      })
      f.when(protocol.eq(44), () => f.return(offsets.or(PROTOCOL.ipv6Fragment)))
      f.when(ported, () => f.return(offsets.or(choose(protocol.eq(6), PROTOCOL.ipv6Tcp, PROTOCOL.ipv6Udp))))
      f.return(offsets.or(PROTOCOL.ipv6Other))
    })
    f.return(PROTOCOL.unknown)
  })

  const rssHash = module.define('rssHash', ['int', 'int'], 'int', (f, packet, parsed) => {
    const protocol = f.int(parsed.and(0xff))
    const l3 = packet.add(parsed.shr(8).and(0xff))
    const ipv4 = f.int(protocol.and(2))
    const word = f.int(choose(ipv4, l3.add(12), l3.add(8)))
    const end = f.int(word.add(choose(ipv4, 8, 32)))
    const r = f.int(RSS_KEY)
    f.loop((leave) => {
      r.set(crcWord.int(r, word.looseWord().swapped()))
      word.increase(4)
      f.when(word.geu(end), leave)
    })
    f.when(protocol.le(3), () => r.set(crcWord.int(r, packet.add(parsed.shr(16).and(0xff)).looseWord().swapped())))
    f.return(r)
  })
  return { hashKey, parse, rssHash }
}
