/** Rows F of the article's checklist: receive queues. The demonstration program itself is a demo; see F4 with the demos. */
import { describe, expect, it } from 'vitest'
import { runCommand } from '../index'
import { hostOf, offload, program, send, udp } from '../testing/article-host'

const choose = (queue: number): string => `.prog xdp p\n  r2 = ${queue}\n  *(u32 *)(r1 + 16) = r2\n  r0 = 2\n  exit\n`

describe('F. programmable RSS', () => {
  it('F1 lets a program on the card write the queue; the kernel refuses the store', () => {
    const host = hostOf()
    expect(host.load(program(choose(5)))).toMatchObject({
      ok: false,
      errno: 13,
      error: 'invalid bpf_context access off=16 size=4',
    })
    expect(host.load(program(choose(5)), { offload: true }).ok).toBe(true)
    expect(hostOf({ firmware: 'nohelp' }).load(program(choose(5)), { offload: true })).toMatchObject({ ok: false })
  })

  it('F2 brings a packet to the queue that the program names; a number without a queue falls back', () => {
    const host = hostOf()
    offload(host, choose(5))
    expect(send(host, [udp(), udp(80)]).map(({ record }) => record.queue)).toEqual([5, 5])
    host.detach(4, 'offload')
    const frames = Array.from({ length: 32 }, (_, i) => udp(53, `10.0.1.${i}`))
    const plain = send(host, frames).map(({ record }) => record.queue)
    offload(host, choose(200))
    const outside = send(host, frames).map(({ record }) => record.queue)
    expect(outside.every((queue) => queue >= 0 && queue < 8)).toBe(true)
    expect(new Set(plain).size).toBeGreaterThan(2)
  })

  it('F3 spreads flows by hash and indirection table otherwise', () => {
    const host = hostOf()
    const frames = Array.from({ length: 64 }, (_, i) => udp(53, `10.0.1.${i}`))
    const queues = (): number[] => send(host, frames).map(({ record }) => record.queue)
    const first = queues()
    expect(new Set(first).size).toBeGreaterThan(4)
    expect(queues()).toEqual(first)
    expect(runCommand(host, 'ethtool -X nfp_p0 equal 1').code).toBe(0)
    expect(new Set(queues())).toEqual(new Set([0]))
    expect(runCommand(host, 'ethtool -x nfp_p0 | head -2').stdout).toContain('RX flow hash indirection table')
  })
})
