/**
 * How well refusals are explained: over the shared vectors that a real kernel refuses, the share with a sentence of the
 * catalogue, with a slice of more than the refused line, and with a change that passes; times of both answers.
 */
import { disassemble } from '@offload/bpf'
import type { Program } from '@offload/bpf'
import { jsonlFiles, readJsonl, vectorsDir } from '../../tooling/vectors'
import { compile } from '../src/compile'
import { defaultDocument } from '../src/default'
import { explainRefusal, suggestRepair } from '../src/refusal'

interface Vector {
  readonly id: string
  readonly prog_type: Program['progType']
  readonly insns: string
  readonly maps?: Program['maps']
  readonly relocs?: Program['relocs']
  readonly verdict: string
  readonly btf?: string
  readonly caps?: unknown
  readonly prog_flags?: number
}

const EVERY = Number(process.env['EVERY'] ?? 5)
const bytes = (hex: string): Uint8Array => Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
const at = (times: number[], share: number): string =>
  (times.toSorted((a, b) => a - b)[Math.floor(times.length * share)] ?? Number.NaN).toFixed(1)

const dir = vectorsDir('verifier')
const files = dir === undefined ? [] : jsonlFiles(dir)
if (files.length === 0) console.log('vectors are absent: nothing was measured')
let refused = 0
let catalogued = 0
let sliced = 0
let repaired = 0
const explainTimes: number[] = []
const repairTimes: number[] = []
const unknown = new Map<string, number>()
const unrepaired = new Map<string, number>()
let seen = 0
for (const file of files)
  for (const vector of readJsonl<Vector>(file)) {
    if (vector.verdict !== 'reject' || vector.btf !== undefined || vector.prog_flags || vector.caps !== undefined)
      continue
    if (seen++ % EVERY !== 0) continue
    const insns = bytes(vector.insns)
    const program: Program = {
      name: 'main',
      progType: vector.prog_type,
      license: 'GPL',
      insns,
      maps: vector.maps ?? [],
      relocs: vector.relocs ?? [],
      subprograms: [{ name: 'main', start: 0 }],
      labels: [],
      lines: new Int32Array(insns.length / 8),
    }
    const document = { ...defaultDocument(), source: disassemble(program) }
    const compilation = compile(document, { logLevel: 0 })
    if (compilation.kernel?.verdict !== 'reject' || compilation.kernel.processedInsns > 20_000) continue
    refused++
    let begun = performance.now()
    const explanation = explainRefusal(document)
    explainTimes.push(performance.now() - begun)
    const error = compilation.kernel.error.replaceAll(/\d+/g, 'N')
    if (explanation !== undefined && !explanation.sentence.includes('is refused by')) catalogued++
    else unknown.set(error, (unknown.get(error) ?? 0) + 1)
    if ((explanation?.slice.length ?? 0) > 1) sliced++
    begun = performance.now()
    if (suggestRepair(document) !== undefined) repaired++
    else unrepaired.set(error, (unrepaired.get(error) ?? 0) + 1)
    repairTimes.push(performance.now() - begun)
  }
const line = (name: string, value: string): void => console.log(`${name.padEnd(40)} ${value}`)
const share = (count: number): string => `${count} of ${refused}, ${((100 * count) / refused).toFixed(1)} %`
line('refused programs', String(refused))
line('with a sentence of the catalogue', share(catalogued))
line('with a slice of several lines', share(sliced))
line('with a change that passes', share(repaired))
line('explanation, ms p50 / p95', `${at(explainTimes, 0.5)} / ${at(explainTimes, 0.95)}`)
line('change, ms p50 / p95 / max', `${at(repairTimes, 0.5)} / ${at(repairTimes, 0.95)} / ${at(repairTimes, 0.9999)}`)
const most = (map: Map<string, number>): [string, number][] => [...map].toSorted((a, b) => b[1] - a[1]).slice(0, 25)
for (const [error, count] of most(unknown)) line(`no sentence ×${count}`, error)
for (const [error, count] of most(unrepaired)) line(`no change ×${count}`, error)
