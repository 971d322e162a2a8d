/**
 * The demonstration of programmable RSS on a real capture of IPv4 in IPv6: packets by queue in its four modes, on the
 * emulated card, on the host's BPF machine and, where it may be asked, on the running kernel.
 */
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { assemble } from '@offload/bpf'
import type { Program } from '@offload/bpf'
import { DEMOS } from '@offload/content'
import { createFastProgram, createHostMap, createVm, loadProgram, mapAttributes } from '@offload/host'
import { compile, createPlayback, defaultDocument, toBase64 } from '@offload/session'
import { readCapture } from '@offload/packet'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kernelOracle } from '../../../packages/tooling/oracle'
import type { KernelOracle } from '../../../packages/tooling/oracle'
import { vectorsDir } from '../../../packages/tooling/vectors'
import { fromHex, toHex } from './hex'
import { QUEUE_BASE, forHost } from './host-variant'

const QUEUES = 8
const ORACLE_RUNS = 64
const MODES = ['static', 'hash', 'symmetric', 'inner'] as const

const folder = vectorsDir('pcap')
const recorded = folder && path.join(folder, 'traffic_IPIP.pcap')
const own = fileURLToPath(new URL('../../../e2e/testdata/ipip.pcap', import.meta.url))
const file = recorded !== undefined && existsSync(recorded) ? recorded : own
const bytes = readFileSync(file)
const capture = readCapture(bytes)
if (!capture.ok) throw new Error(capture.error.message)
const frames = capture.capture.packets.map(({ data }) => data)

const demo = DEMOS.find(({ id }) => id === 'rss')!
const entry = demo.session.entries![0]!
/** The demo's entry with another mode, its first word. */
const inMode = (mode: number): string => toHex(Uint8Array.of(mode, 0, 0, 0)) + entry.value.slice(8)

let oracle: KernelOracle | undefined
beforeAll(async () => {
  oracle = await kernelOracle()
})
afterAll(async () => {
  await oracle?.close()
})

const none = (): number[] => Array<number>(QUEUES).fill(0)

function onCard(mode: number): number[] {
  const document = {
    ...defaultDocument(),
    ...demo.session,
    source: demo.source,
    queues: QUEUES,
    timeModel: 'functional' as const,
    entries: [{ ...entry, value: inMode(mode) }],
    traffic: { kind: 'pcap' as const, name: 'capture', base64: toBase64(bytes), rate: 1e6, loop: false },
  }
  const made = createPlayback(document, compile(document, { logLevel: 0 }))
  if (!made.ok) throw new Error(made.error)
  expect(made.playback.runPackets(frames.length)).toBe(frames.length)
  return made.playback.read().counters.queues.slice(0, QUEUES)
}

function hostProgram(): Program {
  const assembled = assemble(forHost(demo.source))
  if (!assembled.ok) throw new Error(assembled.diagnostics[0]?.message)
  return assembled.program
}

function onHost(mode: number): number[] {
  const { insns, relocs, maps } = hostProgram()
  const vm = createVm()
  const made = maps.map((definition) => {
    const map = createHostMap(vm, mapAttributes(definition))
    if (!map.ok) throw new Error(`errno ${map.errno}`)
    return map.map
  })
  const map = maps.findIndex(({ name }) => name === entry.map)
  made[map]!.hostUpdate(fromHex(entry.key, 'key'), fromHex(inMode(mode), 'value'), 0)
  const fast = createFastProgram(vm, loadProgram(insns, relocs, made), 'xdp')
  const counts = none()
  for (const frame of frames) counts[fast.run(frame).retval - QUEUE_BASE]!++
  return counts
}

async function onKernel(kernel: KernelOracle, mode: number): Promise<number[]> {
  const { insns, relocs, maps } = hostProgram()
  const map = maps.findIndex(({ name }) => name === entry.map)
  const counts = none()
  for (let at = 0; at < frames.length; at += ORACLE_RUNS) {
    const answer = await kernel.ask({
      prog_type: 'xdp',
      log_level: 0,
      insns: toHex(insns),
      maps,
      relocs,
      elems: [{ map, key: entry.key, value: inMode(mode) }],
      runs: frames.slice(at, at + ORACLE_RUNS).map((frame) => ({ data: toHex(frame) })),
    })
    expect(answer.verdict, answer.log).toBe('accept')
    for (const run of answer.runs!) counts[run.retval - QUEUE_BASE]!++
  }
  return counts
}

describe('F4 programmable RSS', () => {
  it.each(MODES.map((name, mode) => [name, mode] as const))(
    'F4 fills the queues in mode %s as the kernel’s run does',
    async (name, mode) => {
      const card = onCard(mode)
      expect(card.reduce((sum, count) => sum + count, 0)).toBe(frames.length)
      expect(card).toEqual(onHost(mode))
      if (oracle !== undefined) expect(card).toEqual(await onKernel(oracle, mode))
      const used = card.filter((count) => count > 0)
      // One bar, two bars (two pairs of tunnel ends), one or two, all bars within a tenth of even.
      if (name === 'static') expect(used).toHaveLength(1)
      if (name === 'hash') expect(used.length).toBeLessThanOrEqual(2)
      if (name === 'symmetric') expect(used.length).toBeLessThanOrEqual(2)
      if (name === 'inner' && frames.length > 10_000) {
        expect(used).toHaveLength(QUEUES)
        for (const count of card) expect(Math.abs((count * QUEUES) / frames.length - 1)).toBeLessThan(0.12)
      }
      console.log(
        `${path.basename(file)}, ${frames.length} packets, ${name}: ${card.join(' ')}${oracle === undefined ? '' : `, the same on Linux ${oracle.hello.kernel}`}`,
      )
    },
  )
})
