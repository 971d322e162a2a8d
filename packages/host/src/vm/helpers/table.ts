/** All helpers that the host machine has, by number (kernel-tables.md, section 1). */
import type { Helper } from '../vm'
import { BASE_HELPERS } from './base'
import { CALLBACK_HELPERS } from './callbacks'
import { CHECKSUM_HELPERS } from './checksum'
import { EVENT_HELPERS } from './events'
import { MAP_HELPERS } from './maps'
import { NET_HELPERS } from './net'
import { SKB_HELPERS } from './skb'
import { STRING_HELPERS } from './strings'
import { XDP_HELPERS } from './xdp'

/** Helpers by number; a hole is a helper that is not modelled. */
export const HELPERS: (Helper | undefined)[] = []
for (const group of [
  BASE_HELPERS,
  CALLBACK_HELPERS,
  CHECKSUM_HELPERS,
  EVENT_HELPERS,
  MAP_HELPERS,
  NET_HELPERS,
  SKB_HELPERS,
  STRING_HELPERS,
  XDP_HELPERS,
]) {
  for (const [number, helper] of Object.entries(group)) HELPERS[Number(number)] = helper
}
