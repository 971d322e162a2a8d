/**
 * A small application with an AF_XDP socket: loads the program that steers a queue's packets to it, opens the socket, and
 * reads what arrives, or does not, so that its rings fill up. Every call shows in the log as that of any other program.
 */
import { assemble } from '@offload/bpf'
import type { Machine } from './machine'
import type { XskOptions, XskSocket } from './xsk'

const STEER = `
.map xsks xskmap key 4 value 4 max 64
.prog xdp steer
  r2 = *(u32 *)(r1 + 16)              ; rx_queue_index
  r1 = xsks ll
  r3 = 2                              ; XDP_PASS for queues without a socket
  call bpf_redirect_map
  exit
`

export interface XskApplication {
  readonly socket: XskSocket
  /** Takes everything that has arrived, gives the chunks back. Number of packets. */
  read(): number
  /** Sends the packets that it reads out again, through the TX ring. Number of packets. */
  echo(): number
  /** Ends it: the program is taken off and everything closed. */
  close(): void
}

export type XskApplicationResult =
  | { readonly ok: true; readonly application: XskApplication }
  | { readonly ok: false; readonly error: string }

/** Starts it on a queue of an interface, whose driver-mode slot must be free. */
export function openXskApplication(
  machine: Machine,
  ifindex: number,
  queue: number,
  options: XskOptions = {},
): XskApplicationResult {
  const netdev = machine.netdev(ifindex)
  if (!netdev) return { ok: false, error: `There is no interface ${ifindex}.` }
  const steer = netdev.xdp.driver === undefined ? undefined : machine.programs.get(netdev.xdp.driver)
  if (steer && steer.name !== 'steer')
    return { ok: false, error: `${netdev.name} runs program ${steer.id} in driver mode; take it off first.` }
  const assembled = assemble(STEER)
  if (!assembled.ok) return { ok: false, error: assembled.diagnostics[0]!.message }
  const opened = machine.openXsk(ifindex, queue, options)
  if (!opened.ok)
    return {
      ok: false,
      error:
        opened.errno === -16
          ? `Queue ${queue} of ${netdev.name} has a socket already.`
          : `${netdev.name} has the queues 0 to ${netdev.channels - 1}.`,
    }
  const { socket } = opened
  let program = steer
  if (!program) {
    const loaded = machine.load(assembled.program, { logLevel: 0 })
    if (!loaded.ok) {
      machine.closeXsk(socket.id)
      return { ok: false, error: loaded.error }
    }
    program = loaded.program
    machine.attach(program.id, ifindex, 'driver')
    // Loader and application are one: it lives by its attachment from now on.
    machine.close('program', program.id)
    for (const map of loaded.maps) machine.close('map', map.id)
  }
  const map = program.mapIds[0]!
  const word = (value: number): Uint8Array => Uint8Array.of(value & 255, (value >> 8) & 255, 0, 0)
  const errno = machine.mapUpdate(map, word(queue), word(socket.id))
  if (errno) {
    machine.closeXsk(socket.id)
    return { ok: false, error: `The socket does not go into the map (errno ${-errno}).` }
  }
  return {
    ok: true,
    application: {
      socket,
      read: () => socket.receive().length,
      echo: () => {
        let sent = 0
        for (let next = socket.rx.pop(); next; next = socket.rx.pop()) {
          socket.tx.push(next)
          sent++
        }
        netdev.counters.sent += socket.transmit().length
        for (let done = socket.completion.pop(); done !== undefined; done = socket.completion.pop())
          socket.fill.push(done - (done % socket.chunkSize))
        return sent
      },
      close: () => {
        machine.mapDelete(map, word(queue))
        machine.closeXsk(socket.id)
        if ([...machine.sockets.values()].every((other) => other.ifindex !== ifindex)) machine.detach(ifindex, 'driver')
      },
    },
  }
}
