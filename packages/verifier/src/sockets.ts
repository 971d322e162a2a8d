/**
 * Fields of the socket views (`bpf_sock`, `bpf_tcp_sock`, `bpf_xdp_sock`): which loads a program may do.
 * Asked of Linux 6.18 for every offset and size.
 */
import * as R from './reg-state'

/** Fields of `bpf_sock` that may be loaded in part, from their first byte only. */
const NARROW_AT_START = new Set([4, 8, 12, 44, 72, 76])
/** Addresses: any aligned part. */
const isAddress = (off: number): boolean => (off >= 24 && off < 44) || (off >= 52 && off < 72)
/** type, protocol, mark and priority need a full socket. */
const isFullOnly = (off: number): boolean => off >= 8 && off < 24

export function socketLoadAllowed(type: number, off: number, size: number): boolean {
  if (off < 0 || off % size !== 0) return false
  switch (type) {
    case R.XDP_SOCK:
      return size === 4 && off === 0
    case R.TCP_SOCK:
      return size === 4 ? off < 80 || (off >= 96 && off < 112) : size === 8 && (off === 80 || off === 88)
    default:
      if (off >= 80 || size === 8 || (type === R.SOCK_COMMON && isFullOnly(off))) return false
      if (size === 4 || isAddress(off) || NARROW_AT_START.has(off)) return true
      // The port is two bytes wide.
      return off === 48 || (size === 1 && off === 49)
  }
}
