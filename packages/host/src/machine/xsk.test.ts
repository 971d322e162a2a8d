import { assemble } from '@offload/bpf'
import { FIRMWARE_PROFILES } from '@offload/nfp-jit'
import { sampleFrame } from '@offload/packet'
import { describe, expect, it } from 'vitest'
import { TableChip } from '../testing/table-chip'
import { createMachine } from './machine'
import { hostView } from './host-view'
import { XskSocket } from './xsk'
import { openXskApplication } from './xsk-application'

const STEER = `
.map sockets xskmap key 4 value 4 max 4
.prog xdp steer
  r2 = *(u32 *)(r1 + 16)
  r1 = sockets ll
  r3 = 2
  call bpf_redirect_map
  exit
`

describe('AF_XDP', () => {
  it('brings the packets of its queue to a socket, and passes the others', () => {
    const chip = new TableChip()
    const machine = createMachine({ chip, firmware: FIRMWARE_PROFILES.shipping })
    const assembled = assemble(STEER)
    if (!assembled.ok) throw new Error(JSON.stringify(assembled.diagnostics))
    const loaded = machine.load(assembled.program)
    if (!loaded.ok) throw new Error(loaded.error)
    machine.attach(loaded.program.id, 4, 'driver')
    const made = machine.openXsk(4, 1, { chunks: 4, chunkSize: 2048, ringSize: 4 })
    if (!made.ok) throw new Error(String(made.errno))
    const { socket } = made
    expect(machine.mapUpdate(loaded.maps[0]!.id, Uint8Array.of(1, 0, 0, 0), Uint8Array.of(99, 0, 0, 0))).toBe(-88)
    expect(machine.mapUpdate(loaded.maps[0]!.id, Uint8Array.of(1, 0, 0, 0), Uint8Array.of(socket.id, 0, 0, 0))).toBe(0)
    chip.fate = (frame) => ({ outcome: 'pass', queue: frame.time % 2 })
    const send = (count: number) => {
      machine.offer(Array.from({ length: count }, (_, time) => ({ time, port: 0, data: sampleFrame(60 + time) })))
      return machine.run(machine.chip.now + 100).map((packet) => packet.host)
    }
    expect(send(4)).toEqual(['stack', 'redirected', 'stack', 'redirected'])
    expect(socket.rx.used).toBe(2)
    expect(socket.fill.used).toBe(2)
    expect(socket.receive().map((packet) => packet.length)).toEqual([61, 63])
    expect([socket.rx.used, socket.fill.used]).toEqual([0, 4])
    // Nobody reads: the fifth packet for the queue finds no chunk.
    send(10)
    expect(socket.statistics.rxFillRingEmpty + socket.statistics.rxRingFull).toBe(1)
  })

  it('sends, completes, and refuses what lies outside', () => {
    const made = XskSocket.create(1, 4, 0, { chunks: 2, chunkSize: 4096, ringSize: 2 })
    if (!made.ok) throw new Error('socket')
    const { socket } = made
    socket.umem.set([1, 2, 3], 4096)
    socket.tx.push({ address: 4096, length: 3 })
    socket.tx.push({ address: 8000, length: 500 })
    expect(socket.transmit()).toEqual([Uint8Array.of(1, 2, 3)])
    expect(socket.completion.pop()).toBe(4096)
    expect(socket.statistics.txInvalidDescriptors).toBe(1)
    expect(XskSocket.create(1, 4, 0, { chunkSize: 1024 })).toEqual({ ok: false, errno: -22 })
    expect(XskSocket.create(1, 4, 0, { ringSize: 3 })).toEqual({ ok: false, errno: -22 })
  })
})

describe('an application with an AF_XDP socket', () => {
  it('steers its queue, reads, sends back, and leaves nothing', () => {
    const chip = new TableChip()
    chip.fate = () => ({ outcome: 'pass', queue: 2 })
    const machine = createMachine({ chip, firmware: FIRMWARE_PROFILES.shipping })
    const made = openXskApplication(machine, 4, 2, { chunks: 8, ringSize: 8 })
    if (!made.ok) throw new Error(made.error)
    expect(openXskApplication(machine, 4, 2)).toEqual({ ok: false, error: 'Queue 2 of nfp_p0 has a socket already.' })
    expect(openXskApplication(machine, 4, 99)).toMatchObject({ ok: false })
    const send = (count: number): void => {
      machine.offer(Array.from({ length: count }, (_, time) => ({ time, port: 0, data: sampleFrame(60) })))
      machine.run(machine.chip.now + 100)
    }
    send(5)
    const [view] = hostView(machine).sockets
    expect(view).toMatchObject({ queue: 2, interface: 'nfp_p0', rx: 5, fill: 3, received: 5 })
    expect(made.application.read()).toBe(5)
    send(3)
    expect(made.application.echo()).toBe(3)
    expect(machine.netdevs[0]!.counters.sent).toBe(3)
    expect(hostView(machine).sockets[0]).toMatchObject({ rx: 0, fill: 8, tx: 0, completion: 0 })
    expect(hostView(machine).objects.map(({ kind, heldBy }) => [kind, heldBy])).toEqual([
      ['program', ['nfp_p0 (XDP driver)']],
      ['map', ['program 1']],
    ])
    made.application.close()
    expect(machine.leaks()).toEqual([])
    expect(hostView(machine).sockets).toEqual([])
  })
})
