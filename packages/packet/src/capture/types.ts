/** Packets of a capture file, and what reading one can answer. */

/** pcap link types that this package names. */
export const LINK_TYPE = { ethernet: 1, raw: 101, linuxSll: 113, ipv4: 228, ipv6: 229, linuxSll2: 276 } as const

export interface CapturedPacket {
  /** Nanoseconds since 1970, as a pair: seconds, and nanoseconds within them (a double cannot hold both exactly). */
  readonly seconds: number
  readonly nanos: number
  readonly data: Uint8Array
  /** Bytes that the packet had on the wire; more than data.length where the capture cut it. */
  readonly originalLength: number
  readonly linkType: number
  readonly interface: number
  readonly comment?: string
  /** RX queue (pcapng epb_queue). */
  readonly queue?: number
  /** XDP action (pcapng epb_verdict, type 2). */
  readonly xdpAction?: number
  readonly direction?: 'in' | 'out'
}

export interface CaptureInterface {
  readonly linkType: number
  readonly snapLength: number
  readonly name?: string
}

export interface Capture {
  readonly format: 'pcap' | 'pcapng'
  readonly interfaces: readonly CaptureInterface[]
  readonly packets: readonly CapturedPacket[]
  /** Set where the file ends too early: the packets before are kept. */
  readonly truncated?: CaptureError
}

/** What is wrong and at which byte of the file. */
export interface CaptureError {
  readonly message: string
  readonly offset: number
}

export type CaptureResult =
  | { readonly ok: true; readonly capture: Capture }
  | { readonly ok: false; readonly error: CaptureError }
