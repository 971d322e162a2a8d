/** The host machine against runs that a real kernel recorded, and against the public conformance suite's stated results. */
import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { assemble } from '@offload/bpf'
import { formatHex, parseHex } from '@offload/packet'
import type { MapDef, MapReloc, ProgType } from '@offload/bpf'
import { describe, expect, it } from 'vitest'
import { jsonlFiles, readJsonl, vectorsDir } from '../../../tooling/vectors'
import { createHostMap, mapAttributes } from '../maps/create'
import { SlotMap } from '../maps/slot-map'
import { createVm, loadProgram, runConformance, runProgram } from './run'
import type { HostMap } from '../maps/map'

interface RunVector {
  readonly id: string
  readonly topic: string
  readonly prog_type: ProgType
  readonly insns: string
  readonly maps?: readonly MapDef[]
  readonly relocs?: readonly MapReloc[]
  readonly elems?: readonly { map: number; key: string; value: string }[]
  readonly tails?: readonly { map: number; key: number; insns: string }[]
  readonly run?: readonly { data_in: string; retval: number; data_out?: string; errno?: number; maps_after?: readonly (readonly [string, string][] | null)[] }[]
}

/** Runs the three packets of a vector and says what differs from the kernel's record; '' when nothing does. */
function compareRun(vector: RunVector): string {
  const vm = createVm()
  const maps: HostMap[] = (vector.maps ?? []).map((def) => {
    const made = createHostMap(vm, mapAttributes(def))
    if (!made.ok) throw new Error(`map: errno ${made.errno}`)
    return made.map
  })
  for (const elem of vector.elems ?? []) {
    const map = maps[elem.map]!
    const value = parseHex(elem.value)!
    const errno = map.hostUpdate(parseHex(elem.key)!, value, 0)
    if (errno) throw new Error(`elem: errno ${errno}`)
  }
  for (const tail of vector.tails ?? []) {
    const insns = parseHex(tail.insns)!
    const map = maps[tail.map] as SlotMap
    // An ld_imm64 of a map in such a program means the array itself.
    const relocs = Array.from({ length: insns.length / 8 }, (_, i) => i).filter((i) => insns[i * 8] === 0x18 && insns[i * 8 + 1]! >> 4 === 1).map((insn) => ({ insn, map: 0 }))
    const key = new Uint8Array(4)
    new DataView(key.buffer).setUint32(0, tail.key, true)
    map.set(key, { value: new Uint8Array(4), program: loadProgram(insns, relocs, [map]) }, 0)
  }
  const program = loadProgram(parseHex(vector.insns)!, vector.relocs ?? [], maps)
  for (const [i, run] of vector.run!.entries()) {
    const got = runProgram(vm, program, vector.prog_type, parseHex(run.data_in)!)
    if (got.errno !== (run.errno ?? 0)) return `run ${i}: errno ${got.errno}, kernel ${run.errno ?? 0}`
    if (run.errno) continue
    if (got.fault) return `run ${i}: fault at ${got.fault.pc}: ${got.fault.message}`
    if (got.retval !== run.retval) return `run ${i}: retval ${got.retval}, kernel ${run.retval}`
    if (run.data_out !== undefined && formatHex(got.data) !== run.data_out) return `run ${i}: data ${formatHex(got.data)}\n    kernel ${run.data_out}`
    for (const [m, wanted] of (run.maps_after ?? []).entries()) {
      if (!wanted) continue
      const have = listMap(maps[m]!)
      if (JSON.stringify(have) !== JSON.stringify(wanted)) return `run ${i}: map ${m} ${JSON.stringify(have)}\n    kernel ${JSON.stringify(wanted)}`
    }
  }
  return ''
}

function listMap(map: HostMap): [string, string][] {
  const out: [string, string][] = []
  for (let key = map.nextKey(undefined); key; key = map.nextKey(key)) {
    const { value } = map.hostLookup(key)
    if (value) out.push([formatHex(key), formatHex(value.subarray(0, map.attributes.valueSize))])
  }
  return map.attributes.type.includes('array') ? out : out.sort(([a], [b]) => (a < b ? -1 : 1))
}

const dir = vectorsDir('verifier')

describe.skipIf(dir === undefined)('runs recorded by the kernel', () => {
  const vectors = dir === undefined ? [] : jsonlFiles(dir).flatMap((file) => readJsonl<RunVector>(file)).filter((vector) => vector.run)
  it('give the same verdict, bytes and maps', () => {
    const bad = vectors.map((vector) => {
      try {
        return [vector.id, compareRun(vector)]
      } catch (error) {
        return [vector.id, String(error)]
      }
    }).filter(([, text]) => text !== '')
    console.log(`host machine: ${vectors.length - bad.length} of ${vectors.length} recorded runs equal`)
    if (process.env['OFFLOAD_SHOW']) for (const [id, text] of bad) console.log(`${id}: ${text}`)
    expect(bad).toEqual([])
    expect(vectors.length).toBeGreaterThan(1000)
  })
})

interface ConformanceFile {
  readonly name: string
  readonly asm?: string
  readonly raw?: string
  readonly mem?: string
  readonly result?: string
}

function readConformance(file: string): ConformanceFile {
  const sections: Record<string, string> = {}
  let section = ''
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const head = /^--\s*(.+?)\s*$/.exec(line)
    if (head) {
      section = head[1]!
      sections[section] = ''
    } else if (section) sections[section] += `${line.replace(/#.*/, '')}\n`
  }
  return { name: path.basename(file), ...sections }
}

const suite = vectorsDir('bpf_conformance', 'tests')

describe.skipIf(suite === undefined)('public conformance suite', () => {
  const files = suite === undefined ? [] : readdirSync(suite).filter((name) => name.endsWith('.data')).map((name) => readConformance(path.join(suite, name)))
  it('gives the stated results', () => {
    const bad: string[] = []
    let run = 0
    for (const file of files) {
      if (file.result === undefined) continue
      const words = (file.raw ?? '').trim().split(/\s+/)
      const raw = file.raw === undefined ? undefined : parseHex(words.map((word) => word.replace(/^0x/, '').padStart(2, '0')).map((word) => (word.length === 16 ? word.match(/../g)!.toReversed().join('') : word)).join(''))
      const assembled = raw ? undefined : assemble(file.asm!, { dialect: 'mnemonic' })
      const insns = raw ?? (assembled?.ok ? assembled.program.insns : undefined)
      if (!insns) {
        bad.push(`${file.name}: does not assemble ${JSON.stringify(assembled?.diagnostics[0])}`)
        continue
      }
      run++
      const got = runConformance(insns, parseHex(file.mem ?? '')!)
      const want = BigInt.asUintN(64, BigInt(file.result.trim()))
      const have = got.ok ? (BigInt(got.r0.hi) << 32n) | BigInt(got.r0.lo) : got.error
      if (have !== want) bad.push(`${file.name}: ${String(have)}, stated ${want}`)
    }
    console.log(`conformance: ${files.length - bad.length} of ${files.length} files, ${run} run`)
    for (const line of bad) console.log(line)
    expect(bad).toEqual([])
    expect(run).toBeGreaterThan(300)
  })
})
