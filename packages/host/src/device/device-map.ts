/**
 * A map on the card as the driver operates it: through control messages, with the words that programs use as counters
 * turned round, and with the driver's entry cache. Follows nfp-offload.md, sections 9 and 9.1.
 */
import type { MapReplyCode } from '@offload/nfp-chip'
import { MapWordUses } from '@offload/nfp-jit'
import { ERRNO } from '../errno'
import type { LookupResult, MapAttributes } from '../maps/map'

/** errno of a status (nfp-firmware-abi.md, section 8), negative. */
const STATUS_ERRNO: Readonly<Record<number, number>> = {
  0: 0,
  1: -ERRNO.EBADFD,
  2: -ERRNO.ENOENT,
  3: -ERRNO.EINVAL,
  4: -ERRNO.EIO,
  5: -ERRNO.EEXIST,
  6: -ERRNO.ENOMEM,
  7: -ERRNO.E2BIG,
}

export function statusErrno(code: MapReplyCode): number {
  return STATUS_ERRNO[code] ?? -ERRNO.EIO
}

/** The message exchange with the firmware, and what a map needs of the driver around it. */
export interface CardMaps {
  lookup(id: number, key: Uint8Array): { readonly code: MapReplyCode; readonly value?: Uint8Array }
  update(id: number, key: Uint8Array, value: Uint8Array, flags: number): MapReplyCode
  delete(id: number, key: Uint8Array): MapReplyCode
  nextKey(
    id: number,
    key: Uint8Array | undefined,
    entries: number,
  ): { readonly code: MapReplyCode; readonly entries: readonly Entry[] }
  /** Nanoseconds. */
  now(): number
}

interface Entry {
  readonly key: Uint8Array
  readonly value: Uint8Array
}

/** How long a reply with several entries may be used, nanoseconds. */
const CACHE_TIME = 250_000
const MAX_UPDATE_FLAGS = 2

export class DeviceMap {
  /** Table id of the firmware. */
  readonly id: number
  readonly attributes: MapAttributes
  readonly uses: MapWordUses
  private readonly card: CardMaps
  private readonly entriesPerMessage: number
  private cache: { readonly entries: readonly Entry[]; readonly expires: number } | undefined

  constructor(id: number, attributes: MapAttributes, card: CardMaps, entriesPerMessage: number) {
    this.id = id
    this.attributes = attributes
    this.card = card
    this.entriesPerMessage = entriesPerMessage
    this.uses = new MapWordUses(attributes.valueSize)
  }

  lookup(key: Uint8Array): LookupResult {
    const cached = this.cached(key)
    const { code, value } = cached ? { code: 0 as MapReplyCode, value: cached.value } : this.card.lookup(this.id, key)
    if (code !== 0 || !value) return { errno: statusErrno(code) }
    const copy = value.slice()
    this.uses.swapCounters(copy)
    return { errno: 0, value: copy }
  }

  update(key: Uint8Array, value: Uint8Array, flags: number): number {
    if (flags > MAX_UPDATE_FLAGS || flags < 0) return -ERRNO.EINVAL
    const copy = value.slice()
    this.uses.swapCounters(copy)
    this.uses.noteHostUpdate(copy)
    this.cache = undefined
    return statusErrno(this.card.update(this.id, key, copy, flags))
  }

  delete(key: Uint8Array): number {
    if (this.attributes.type === 'array') return -ERRNO.EINVAL
    this.cache = undefined
    return statusErrno(this.card.delete(this.id, key))
  }

  /** The key after `key`, the first for undefined; errno −2 at the end. */
  nextKey(key: Uint8Array | undefined): { readonly errno: number; readonly key?: Uint8Array } {
    const entries = key && this.fresh()
    if (key && entries) {
      const at = entries.findIndex((entry) => same(entry.key, key))
      if (at >= 0 && at < entries.length - 1) return { errno: 0, key: entries[at + 1]!.key.slice() }
    }
    const reply = this.card.nextKey(this.id, key, this.entriesPerMessage)
    const first = reply.entries[0]
    if (!first) return { errno: statusErrno(reply.code) }
    this.cache = { entries: reply.entries, expires: this.card.now() + CACHE_TIME }
    return { errno: 0, key: first.key.slice() }
  }

  private fresh(): readonly Entry[] | undefined {
    if (this.cache && this.cache.expires < this.card.now()) this.cache = undefined
    return this.cache?.entries
  }

  private cached(key: Uint8Array): Entry | undefined {
    return this.fresh()?.find((entry) => same(entry.key, key))
  }
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}
