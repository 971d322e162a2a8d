/**
 * Each demo with 1,000 packets: the emulated card, the host's BPF machine and, where it may be asked, the running
 * kernel agree in verdict, bytes, queue and maps.
 */
import { assemble } from '@offload/bpf'
import type { Program } from '@offload/bpf'
import { DEMOS } from '@offload/content'
import type { Demo } from '@offload/content'
import { createHostMap, createVm, loadProgram, mapAttributes, runProgram } from '@offload/host'
import type { HostMap } from '@offload/host'
import type { TimedFrame } from '@offload/packet'
import { compile, createPlayback, defaultDocument, frameSource } from '@offload/session'
import type { SessionDocument } from '@offload/session'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kernelOracle } from '../../../packages/tooling/oracle'
import type { KernelOracle, OracleRun } from '../../../packages/tooling/oracle'
import { fromHex, toHex } from './hex'
import { QUEUE_BASE, forHost } from './host-variant'

/** Of each demo; `DEMO_PACKETS` asks for more, up to the 4,096 that a playback keeps. */
const PACKETS = Number(process.env['DEMO_PACKETS'] ?? 512)
/** Packets of one request to the oracle. */
const ORACLE_RUNS = 64

let oracle: KernelOracle | undefined
beforeAll(async () => {
  oracle = await kernelOracle()
})
afterAll(async () => {
  await oracle?.close()
})

function documentOf(demo: Demo): SessionDocument {
  return { ...defaultDocument(), ...demo.session, title: demo.title, demo: demo.id, source: demo.source }
}

function frames(document: SessionDocument): TimedFrame[] {
  const made = frameSource(document.traffic, 2)
  if (!made.ok) throw new Error(made.error)
  return Array.from({ length: PACKETS }, () => made.source.next()!)
}

function contents(map: HostMap): [string, string][] {
  const entries: [string, string][] = []
  for (let key = map.nextKey(undefined); key !== undefined; key = map.nextKey(key))
    entries.push([toHex(key), toHex(map.hostLookup(key).value!)])
  return entries
}

/** Counters that depend on which of several cores comes first; one after the other, as here, nobody loses a race. */
const RACING = new Set(['looked_up'])

const byKey = (a: readonly string[], b: readonly string[]): number => (a[0]! < b[0]! ? -1 : 1)

const nonZero = (entries: readonly (readonly [string, string])[]): string[][] =>
  entries
    .filter(([, value]) => /[^0]/.test(value))
    .map((entry) => [...entry])
    .sort(byKey)

interface Element {
  readonly map: number
  readonly key: string
  readonly value: string
}

/** The oracle takes a limited number of packets at a time; maps are carried from one request to the next. */
async function askInParts(
  kernel: KernelOracle,
  program: Program,
  elements: readonly Element[],
  asked: readonly TimedFrame[],
): Promise<OracleRun[]> {
  const runs: OracleRun[] = []
  let elems = elements
  for (let at = 0; at < asked.length; at += ORACLE_RUNS) {
    const answer = await kernel.ask({
      prog_type: program.progType,
      log_level: 0,
      insns: toHex(program.insns),
      maps: program.maps,
      relocs: program.relocs,
      elems,
      runs: asked.slice(at, at + ORACLE_RUNS).map((frame) => ({ data: toHex(frame.data) })),
      dump: true,
    })
    expect(answer.verdict, answer.log).toBe('accept')
    runs.push(...answer.runs!)
    elems = (runs.at(-1)?.maps ?? []).flatMap((map, index) =>
      nonZero(map ?? []).map(([key, value]) => ({ map: index, key: key!, value: value! })),
    )
  }
  return runs
}

/** Items that the card runs; the others wait for firmware, which `packages/content` tests. */
const PLAYED = DEMOS.filter((demo) => demo.expected.runs)

describe.each(PLAYED)('demo $id', (demo) => {
  const document = documentOf(demo)

  it('gives the same on the card, on the host and on the running kernel', async () => {
    const made = createPlayback(document, compile(document))
    if (!made.ok) throw new Error(made.error)
    const { playback } = made
    expect(playback.runPackets(PACKETS)).toBe(PACKETS)
    const records = playback.read().packets.toSorted((a, b) => a.number - b.number)
    expect(records).toHaveLength(PACKETS)

    const assembled = assemble(forHost(demo.source))
    if (!assembled.ok) throw new Error(assembled.diagnostics[0]?.message)
    const { program } = assembled
    const vm = createVm()
    const maps = program.maps.map((definition) => {
      const map = createHostMap(vm, mapAttributes(definition))
      if (!map.ok) throw new Error(`map: errno ${map.errno}`)
      return map.map
    })
    const number = (name: string): number => program.maps.findIndex((map) => map.name === name)
    for (const entry of document.entries)
      maps[number(entry.map)]!.hostUpdate(fromHex(entry.key, 'key'), fromHex(entry.value, 'value'), 0)
    const loaded = loadProgram(program.insns, program.relocs, maps)

    const asked = frames(document)
    const entries = document.entries.map((entry) => ({ map: number(entry.map), key: entry.key, value: entry.value }))
    const kernel = oracle === undefined ? undefined : await askInParts(oracle, program, entries, asked)

    asked.forEach((frame, index) => {
      const record = records[index]!
      const host = runProgram(vm, loaded, program.progType, frame.data)
      expect(host.fault).toBeUndefined()
      if (program.progType === 'xdp' && host.retval >= QUEUE_BASE) {
        expect([record.outcome, record.queue], `packet ${index}`).toEqual(['pass', host.retval - QUEUE_BASE])
      } else expect(record.returnValue, `verdict of packet ${index}`).toBe(host.retval)
      expect(toHex(record.data), `bytes of packet ${index}`).toBe(toHex(host.data))
      const run = kernel?.[index]
      if (run !== undefined) {
        expect(run.retval, `kernel's verdict of packet ${index}`).toBe(host.retval)
        expect(run.data_out, `kernel's bytes of packet ${index}`).toBe(toHex(host.data))
      }
    })

    const views = playback.maps(program.maps.length === 0 ? 0 : 4096)
    program.maps.forEach((definition, index) => {
      if (definition.type === 'perf_event_array' || RACING.has(definition.name ?? '')) return
      const onHost = nonZero(contents(maps[index]!))
      expect(nonZero(views[index]!.entries.map((entry) => [entry.key, entry.value]))).toEqual(onHost)
      const last = kernel?.at(-1)?.maps?.[index]
      if (last) expect(nonZero(last)).toEqual(onHost)
    })
    console.log(
      `demo ${demo.id}: ${PACKETS} packets equal on card and host machine${kernel === undefined ? '' : ` and Linux ${oracle!.hello.kernel}`}`,
    )
  })

  it('gives the same state when run in pieces, and again from the start', () => {
    const compilation = compile(document)
    const hash = (cycles: readonly number[]): string => {
      const made = createPlayback(document, compilation)
      if (!made.ok) throw new Error(made.error)
      for (const some of cycles) made.playback.run(some)
      made.playback.read()
      made.playback.maps()
      return `${made.playback.stateHash()} at ${made.playback.now}`
    }
    const whole = hash([20_000])
    expect(hash([20_000])).toBe(whole)
    expect(hash([1, 999, 4_000, 17, 14_983])).toBe(whole)
  })
})
